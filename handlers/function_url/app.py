"""The app that uvicorn serves behind the function URL: see run.sh.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""

from handlers.http.app import app

__all__ = ["app"]
