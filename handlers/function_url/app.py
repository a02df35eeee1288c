"""The app that uvicorn serves behind the function URL: see run.sh.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""

from handlers.http.app import app as streams
from handlers.http.origin import behind_its_origin
from handlers.http.reported import Reported
from shared.telemetry.reports import reports
from shared.telemetry.sinks import SINKS

checked = behind_its_origin(streams)
app = Reported(checked, reports) if SINKS else checked
