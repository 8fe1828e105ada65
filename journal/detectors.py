"""Tokens of services, by the patterns of detect-secrets (docs/decisions/0019-detect-secrets.md).

Only its patterns are used: nothing is verified over a network. Its detectors of random-looking words and of public
addresses are left out, for they would black out what an operator needs. The package is imported when a word that
one of its tokens must contain is seen; ordinary output never is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

_DETECTORS: dict[str, tuple[str, str]] = {
    "artifactory": ("ArtifactoryDetector", "AKC"),
    "aws": ("AWSKeyDetector", "AKIA ASIA ABIA ACCA A3T"),
    "azure_storage_key": ("AzureStorageKeyDetector", "AccountKey="),
    "github_token": ("GitHubTokenDetector", "ghp_ gho_ ghu_ ghs_ ghr_"),
    "gitlab_token": (
        "GitLabTokenDetector",
        "glpat- gldt- glft- glsoat- glrt- GR1348941 glcbt- glimt- glptt- glagent- gloas-",
    ),
    "npm": ("NpmDetector", ":_authToken"),
    "openai": ("OpenAIDetector", "T3BlbkFJ"),
    "pypi_token": ("PypiTokenDetector", "pypi-Ag"),
    "sendgrid": ("SendGridDetector", "SG."),
    "slack": ("SlackDetector", "xoxa- xoxb- xoxp- xoxo- xoxs- xoxr- hooks.slack.com"),
    "square_oauth": ("SquareOAuthDetector", "sq0csp-"),
    "stripe": ("StripeDetector", "k_live_"),
}
_BY_NAME: dict[str, tuple[str, str]] = {
    # tokens without a beginning of their own: the service must be named in the line
    "aws": ("AWSKeyDetector", "aws_ awssecret aws-secret"),
    "cloudant": ("CloudantDetector", "cloudant"),
    "discord": ("DiscordBotTokenDetector", "discord"),
    "ibm_cloud_iam": ("IbmCloudIamDetector", "ibm_cloud ibm-cloud ibmcloud"),
    "mailchimp": ("MailchimpDetector", "mailchimp"),
    "softlayer": ("SoftlayerDetector", "softlayer"),
    "telegram_token": ("TelegramBotTokenDetector", "telegram"),
    "twilio": ("TwilioKeyDetector", "twilio"),
}
BEGINNINGS = {word: name for name, (_, words) in _DETECTORS.items() for word in words.split()}
"""Word, as it is written → the detector it may be for."""
SERVICES = {word: name for name, (_, words) in _BY_NAME.items() for word in words.split()}
"""The same in lower case."""
_EDGES = " \t\"'=:,"


@cache
def patterns(name: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of one detector; imports the package."""
    module = import_module(f"detect_secrets.plugins.{name}")
    detector, _ = _DETECTORS.get(name) or _BY_NAME[name]
    return tuple(getattr(module, detector)().denylist)


def spans(line: str, names: set[str]) -> Iterator[tuple[int, int]]:
    """Where the line shows a token of one of these detectors."""
    for name in names:
        for pattern in patterns(name):
            for found in pattern.finditer(line):
                yield _span(found)


def _span(found: re.Match[str]) -> tuple[int, int]:
    """Of its long group where there is one (`name = "…"`), else of all of it, without quotes and blanks around."""
    group = next((number for number in range(found.re.groups, 0, -1) if len(found[number] or "") >= 16), 0)
    start, end = found.span(group)
    text = found.string[start:end]
    return start + len(text) - len(text.lstrip(_EDGES)), end - (len(text) - len(text.rstrip(_EDGES)))
