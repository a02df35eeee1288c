"""The questions of the guide."""

from typing import Final

from streamways.deciding.guide import Question

QUESTIONS: Final = (
    Question(
        "answer",
        "When must the user see the answer?",
        {
            "growing": "While it grows. It takes 15 minutes at most",
            "whole": "When it is complete. It takes seconds, or is of no use before",
            "long": "While it grows, and it may take more than 15 minutes",
        },
    ),
    Question(
        "code",
        "Where does your server code have to run?",
        {
            "python": "Nowhere in particular: Python on Lambda is fine",
            "node": "On Lambda, in Node.js",
            "web": "On Lambda, in Node.js, and our account has Web Functions",
            "containers": "In containers, which we operate already",
            "agents": "In a machine for each session: agents that keep files or execute code",
            "platform": "On Vercel or a platform like it, where our page runs already",
        },
    ),
    Question(
        "readers",
        "Who follows one answer?",
        {
            "one": "The tab that asked. Others of the same user may resume it",
            "devices": "Every open tab and device of the user, while it grows",
            "people": "Several people, while it grows",
        },
    ),
    Question(
        "push",
        "Does the server speak unasked?",
        {"no": "No", "yes": "Yes, or the user interrupts it on the same connection"},
    ),
    Question(
        "clients",
        "Where are the clients?",
        {"internet": "On the internet", "private": "In a VPC or behind a VPN, without a way to the internet"},
    ),
    Question(
        "front",
        "What has to stand before your code?",
        {
            "none": "Nothing",
            "edge": "AWS WAF or a domain of ours",
            "gateway": "Usage plans, or an authorizer before our code runs",
        },
    ),
    Question(
        "api",
        "What does the product speak today?",
        {"http": "HTTP, or nothing yet", "graphql": "GraphQL over AppSync"},
    ),
    Question(
        "volume",
        "How many answers in a month?",
        {"some": "Less than a million, or unknown", "many": "A million or more"},
    ),
)
