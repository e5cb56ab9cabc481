"""Newsletters as code: article files in, mail in every recipient's box.

content     article files            → Issue
audience    subscriber files, rules  → Subscribers, Segment
rendering   Issue × profession       → RenderedVariant (HTML and text, merge fields open)
checks      RenderedVariant          → Findings
campaigns   Issue × Audience         → Plan, then a frozen Campaign
delivery    Campaign                 → Messages to a provider, one ledger row per recipient
pipeline    the steps above, in order
cli         the commands
"""

__version__ = "0.1.0"
