"""What no recipe may say, and where a test has a reason to say it all the same."""

import re

FORBIDDEN = {
    "listens to the world": [
        r"\b0\.0\.0\.0\b(?!/)",
        r"\b(?:ip|bind|host|hub_ip|bind_addr(?:ess)?)\s*[=:]\s*['\"](?:\*|::)?['\"]",
        r"--ip[= ]['\"]?(?:\*|::|''|\"\")",
    ],
    "needs no token": [r"\btoken['\"]?\s*[=:]\s*(?:''|\"\")", r"--(?:\w+\.)?token=(?=\s|$|['\"`])"],
    "needs no password": [
        r"\b(?:hashed_)?password['\"]?\s*[=:]\s*(?:''|\"\")",
        r"--(?:\w+\.)?password=(?=\s|$|['\"`])",
        r"password_required\s*[=:]\s*false",
    ],
    "lets everyone in": [
        r"allow_unauthenticated(?:_access)?\s*[=:]\s*true",
        r"--(?:\w+\.)?allow_unauthenticated_access",
        r"\b(?:Null|Dummy)Authenticator\b",
        r"authenticator_class\s*[=:]\s*['\"]?(?:dummy|null)\b",
    ],
    "switches XSRF off": [
        r"disable_check_xsrf(?!\s*[=:]\s*false)",
        r"xsrf_cookies\s*['\"]?\s*[=:]\s*false",
    ],
    "allows any origin": [
        r"allow_origin(?:_pat)?\s*[=:]\s*['\"]?(?:\*|\.\*)",
        r"Access-Control-Allow-Origin['\"]?\s*[:,]\s*['\"]?\*",
        r"frame-ancestors\s+\*",
        r"allow_remote_access\s*[=:]\s*true",
    ],
    "runs as root": [
        r"--allow-root",
        r"allow_root\s*[=:]\s*true",
        r"runAsUser:\s*0\b",
        r"(?-i:^\s*USER\s+root)",
        r"privileged:\s*true",
        r"NB_UID\s*[=:]\s*['\"]?0\b",
    ],
    "trusts notebooks": [r"\bjupyter[- ]trust\b", r"NotebookNotary\b|trust_notebook|mark_cells\("],
    "shows a secret": [
        r"(?-i:\bgh[pousr]_\w{20,}|\bsk-[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b)",
        r"-----BEGIN [A-Z ]*PRIVATE KEY",
        r"[?&]token=[0-9A-Za-z]{8,}",
    ],
    "trusts any server": [
        r"\bverify\s*=\s*False",
        r"--trusted-host|CERT_NONE",
        r"check_hostname\s*=\s*False",
        r"http\.sslVerify\s*=?\s*false",
    ],
}
EXCUSED = {
    ("tests/browser.py", "runs as root"): "CI runs as root; that server has a token and listens to 127.0.0.1 alone",
    ("tests/hub_config.py", "runs as root"): "only if root starts it, as CI does; 127.0.0.1 alone, with a password",
    ("tests/test_browser.py", "trusts notebooks"): "a lesson of the course's own, in a folder that is thrown away",
}
TEXTS = {"", ".cfg", ".css", ".html", ".ini", ".ipynb", ".js", ".json", ".lock", ".md", ".py", ".rst", ".sh", ".toml",
         ".txt", ".yaml", ".yml", ".svg", ".typed"}  # fmt: skip
RULES = {"tests/settings.py", "tests/test_security.py"}  # these hold the breaches


def breaches(text):
    """What of the forbidden a text says, by name, with the words."""
    return {
        name: found[0]
        for name, patterns in FORBIDDEN.items()
        if (found := re.search("|".join(patterns), text, re.MULTILINE | re.IGNORECASE))
    }
