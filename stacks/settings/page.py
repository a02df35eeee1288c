"""The setting of the web page: whether CloudFront serves it for the users of the stack."""

from typing import Final

from stacks.settings.reader import ConfigReader

PAGE_KEY: Final = "page"


def read_page(reader: ConfigReader) -> bool:
    """Take the key from `reader`; a page on which nobody could sign in is noted there."""
    wanted = reader.boolean(PAGE_KEY)
    if wanted and reader.optional_text("tokenIssuer"):
        why = "the page signs in at Cognito user pools alone, and tokenIssuer's users are in none"
        reader.refuse(PAGE_KEY, True, f"{why}; set it to false")
    return wanted
