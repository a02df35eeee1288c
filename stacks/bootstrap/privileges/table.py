"""All rows. A test compares them with the types that the program deploys.

The actions, and the resources and condition keys that each of them knows, are in
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
The provider reads more than it writes, and deletes what it replaces. Untried on AWS.
"""

from collections.abc import Mapping
from typing import Final

from stacks.bootstrap.privileges import apis, data, domains, functions, monitoring, page
from stacks.bootstrap.privileges.access import Access

Rows = Mapping[str, tuple[Access, ...]]

OF_PREVIEWS: Final[Rows] = {
    **apis.ROWS,
    **data.ROWS,
    **functions.ROWS,
    **monitoring.ROWS,
    **page.ROWS,
}
"""Type → what deploying resources of it takes; of what a preview may hold."""
PRIVILEGES: Final[Rows] = {**OF_PREVIEWS, **domains.ROWS}
"""The same of what a long-lived stack may hold, which has domain names besides."""
