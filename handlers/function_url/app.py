"""The app that uvicorn serves behind the function URL: see run.sh.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""

from handlers.http.app import app as streams
from handlers.http.reported import Reported
from shared.telemetry.reports import reports
from shared.telemetry.sinks import SINKS

app = Reported(streams, reports) if SINKS else streams
