from pathlib import Path

from tuchanka.providers.image.recipe import NOT_ON_BOOT, mmdebstrap_command, recipe
from tuchanka.providers.nspawn.paths import LabPaths


def test_two_folders_never_share_a_name_even_if_they_read_alike():
    folders = ["/var/lib/tuchanka/lab", "/srv/lab", "/var/lib/tuchanka/Lab", "/var/lib/tuchanka/lab!", "/a/b", "/a-b"]
    labs = [LabPaths(Path(folder)) for folder in folders]
    for names in (
        {lab.label for lab in labs},
        {lab.namespace for lab in labs},
        {lab.group for lab in labs},
        {lab.run for lab in labs},
    ):
        assert len(names) == len(folders)


def test_the_same_folder_has_the_same_names_again():
    assert LabPaths(Path("/srv/lab")).label == LabPaths(Path("/srv/lab")).label


def test_names_stay_short_and_plain_whatever_the_folder_is_called():
    for name in ("x" * 200, "Ünïcode lab (2)", "...", "-"):
        paths = LabPaths(Path("/srv") / name)
        assert len(paths.label) <= 29
        assert set(paths.label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert paths.label[0] != "-"
        # sun_path, unix(7)
        assert len(str(paths.machine("m" * 15).control)) < 108


def test_everything_of_a_machine_is_below_the_lab():
    lab = LabPaths(Path("/srv/lab"))
    machine = lab.machine("a")
    for path in (machine.disk, machine.console, machine.log):
        assert path.is_relative_to("/srv/lab/machines/a")
    for path in (machine.control, machine.watchdog, machine.unlinked, machine.mounts):
        assert path.is_relative_to(lab.run / "a")


def test_the_same_recipe_has_the_same_name_and_another_one_another():
    assert recipe((17,)).name == recipe((17,)).name
    assert recipe((17,)).name != recipe((16,)).name
    assert recipe((17,)).name.startswith("trixie-")


def test_an_image_for_several_versions_has_all_of_them():
    assert {"postgresql-16", "postgresql-client-17"} <= set(recipe((16, 17)).packages)


def test_the_image_has_what_the_cluster_needs_and_starts_none_of_it():
    command = mmdebstrap_command(recipe((17,)), "/target")
    included = next(one for one in command if one.startswith("--include=")).removeprefix("--include=").split(",")
    needed = {"pacemaker", "corosync", "corosync-qdevice", "corosync-qnetd", "sbd", "pcs", "postgresql-17"}
    assert needed | {"resource-agents-paf", "chrony", "openssh-server"} <= set(included)
    disable = next(one for one in command if "systemctl disable" in one)
    for unit in NOT_ON_BOOT:
        assert f" {unit}" in disable
    assert command[-2:] == ["trixie", "/target"]
    assert any("rm -f" in one and "/etc/corosync/corosync.conf" in one for one in command)
