"""The pages of the manual and what they speak of."""

import re
from pathlib import Path

import pytest

from tuchanka.faults.catalogue import PAGES as FAULT_PAGES
from tuchanka.instance_paths import InstancePaths
from tuchanka.lab.folder import DEFAULT_ROOT, LabFolder
from tuchanka.providers.image.build import CACHE
from tuchanka.providers.nspawn.paths import RUN
from tuchanka.stages.pipeline import STAGES
from tuchanka.stages.tree import tree
from tuchanka.topology.load import load

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("faults/*/*.md")])


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", FAULT_PAGES)
def test_a_fault_has_a_page_that_says_what_it_does_and_what_should_happen(name: str):
    _, *parts = re.split(r"^#+ (.*`.*)$", page(f"faults/{name}"), flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    named = sorted(fault for heading in sections for fault in re.findall(r"`([a-z-]+)`", heading))
    assert named == sorted(fault.name for fault in FAULT_PAGES[name])
    for heading, section in sections.items():
        for words in (r"\*\*Does\.?\*\*", r"\*\*Should happen", r"\*\*Proves"):
            assert re.search(words, section), (heading, words)


def test_every_page_of_a_fault_is_one_of_a_module_and_each_family_has_its_own():
    pages = {str(file.relative_to(DOCS / "faults")) for file in (DOCS / "faults").rglob("*.md")}
    families = dict.fromkeys(name.split("/")[0] for name in FAULT_PAGES)
    assert pages == {*FAULT_PAGES, *(f"{family}/README.md" for family in families)}
    assert re.findall(r"^\| \[(\w+)\]\(faults/\1/README\.md\) \|", page("faults.md"), re.MULTILINE) == list(families)


def test_the_index_has_every_page():
    linked = re.findall(r"^- \[(.*)\]\(\1\)", page("README.md"), re.MULTILINE)
    indexed = [*DOCS.glob("*.md"), *DOCS.glob("faults/*/README.md")]
    assert sorted(linked) == sorted(str(file.relative_to(DOCS)) for file in indexed if file != DOCS / "README.md")


@pytest.mark.parametrize(
    "file", [*PAGES, ROOT / "README.md", ROOT / "CHANGELOG.md"], ids=lambda file: str(file.relative_to(ROOT))
)
def test_every_link_leads_somewhere(file: Path):
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", file.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        linked = file.parent / name if name else file
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), target


def test_the_lab_is_where_the_page_says():
    text = page("lab.md")
    folder = LabFolder(DEFAULT_ROOT / "NAME")
    inside = (folder.marker.name, folder.topology_file.name, f"{folder.secrets.name}/", f"{folder.ssh.name}/")
    for name in (*inside, str(folder.path), f"{RUN}/LAB/NAME/", f"{CACHE}/"):
        assert f"`{name}`" in text, name
    assert all(stage in text for stage in STAGES)


def test_the_cluster_is_what_the_page_says():
    text = page("cluster.md")
    topology = load(None)
    cluster = topology.cluster("tuchanka2")
    files = tree(topology)
    scripts = "".join(content for path, content in files.items() if path.startswith("pcs/tuchanka2/"))
    corosync = files["nodes/tuchanka2a/etc/corosync/corosync.conf"]
    for machine in (*cluster.nodes, topology.witness):
        assert machine is not None
        assert f"{machine.name} ({machine.site})" in text
    for vip in cluster.instances[0].vips:
        assert f"VIP `{vip.name}`" in text
    assert InstancePaths(cluster.postgresql, "krogan2").config in text
    for word in ("aes256", "sha256", "token_coefficient: 0", "ffsplit"):
        assert (word in corosync, word.partition(":")[0] in text) == (True, True)
    for word in ("resource-stickiness=10", "migration-threshold=5", "score=-100", "score=INFINITY", "dc-deadtime"):
        assert word in scripts
