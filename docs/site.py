"""Builds the documentation into ``build/site``: the pages of this folder, and those that are written from the code.

    python -m docs.site

Every warning is an error, and the pages ask nothing of the network: fonts are the reader's own, formulas are MathML.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from latex2mathml.converter import convert

from docs.generate import dictionary, formulation

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "zensical.toml"
OUTSIDE = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=["']?(?:https?:)?//[^"'\s>]+""")
"""What a browser would fetch from elsewhere by itself."""

ROLE = re.compile(r":(?:func|meth|data|class|mod):(?=<code>)")
"""How docstrings mark names, which mkdocstrings leaves."""


def pages() -> dict[str, str]:
    """Each page by its name in the site."""
    here = {path.name: path.read_text("utf-8") for path in Path(__file__).parent.glob("*.md")}
    return here | {"tables.md": dictionary(), "formulation.md": mathml(formulation())}


def mathml(text: str) -> str:
    """A page whose formulas a browser shows without a script."""
    blocks = re.split(r"```math\n(.*?)```", text, flags=re.DOTALL)
    return "".join(_inline(part) if n % 2 == 0 else _block(part) for n, part in enumerate(blocks))


def _block(formula: str) -> str:
    return f'<div class="formula">{convert(formula.replace("{aligned}", "{split}"), display="block")}</div>'


def _inline(text: str) -> str:
    return re.sub(r"(?<![\\$])\$([^$\n]+)\$", lambda found: convert(found[1]), text)


def build() -> None:
    """Lay the pages out, build the site, look for what it would fetch.

    Raises:
        SystemExit: a warning, or a page that asks something of the network.
    """
    project = tomllib.loads(CONFIG.read_text("utf-8"))["project"]
    source, site = ROOT / project["docs_dir"], ROOT / project["site_dir"]
    shutil.rmtree(source.parent, ignore_errors=True)
    source.mkdir(parents=True)
    for name, text in pages().items():
        (source / name).write_text(text, "utf-8")
    for name in ("report.png", "site.css"):
        shutil.copy(Path(__file__).with_name(name), source)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", str(CONFIG)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit("the documentation is not built")
    api = site / "python.html"
    api.write_text(ROLE.sub("", api.read_text("utf-8")), "utf-8")
    fetched = {str(path.relative_to(site)): found for path in site.rglob("*.html") if (found := asked(path))}
    if fetched:
        sys.exit(f"pages that ask something of the network: {json.dumps(fetched, indent=1)}")


def asked(path: Path) -> list[str]:
    """What a page would fetch from elsewhere."""
    found = [match.group(0) for match in OUTSIDE.finditer(path.read_text("utf-8"))]
    return [text for text in found if 'rel="canonical"' not in text]


if __name__ == "__main__":
    build()
