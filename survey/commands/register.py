"""`flask --app app register import DIR --commune 03757`: how a real commune begins."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext
from sqlalchemy.orm import Session

from models import Place
from models.commune_counter import lock_commune
from survey.register import importing
from survey.register.places import load_province, province_of
from survey.text import N_
from survey.web.session import now, transaction

SHOWN = 200
REGIONS = (  # of the B1 points table
    "mien_nui_phia_bac",
    "dong_bang_song_hong",
    "bac_trung_bo_dhmt",
    "tay_nguyen",
    "dong_nam_bo",
    "dong_bang_song_cuu_long",
)
register_group = AppGroup("register", help="The register: load villages and households.")


@register_group.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--commune", "commune_id", required=True, help="The commune's code, 03757.")
@click.option("--region", type=click.Choice(REGIONS), help="The province's region in B1; with its first commune.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def import_folder(folder: Path, commune_id: str, region: str | None, dry_run: bool) -> None:
    """Load villages.csv, households.csv and members.csv of FOLDER, all or nothing; what is there already stays."""
    files = {name: (folder / name).read_bytes() for name in importing.FILES if (folder / name).is_file()}
    with transaction() as session:
        _prepare(session, commune_id, region)
        lock_commune(session, commune_id)
        plan = importing.plan(session, commune_id, files, now())
        for file, header in plan.unknown_columns:
            click.echo(gettext("%(file)s: the column “%(name)s” is not taken.", file=file, name=header), err=True)
        if plan.mistakes:
            lines = [gettext("%(count)s mistakes, nothing was loaded:", count=len(plan.mistakes))]
            lines += [mistake.sentence(gettext) for mistake in plan.mistakes[:SHOWN]]
            if len(plan.mistakes) > SHOWN:
                lines.append(gettext("… and %(count)s more mistakes.", count=len(plan.mistakes) - SHOWN))
            raise click.ClickException("\n  ".join(lines))
        if dry_run:
            session.rollback()
        else:
            importing.carry_out(session, plan, now())
    said = plan.counts()
    click.echo(gettext("A trial, nothing was loaded.") if dry_run else gettext("Loaded."))
    for line in (
        gettext("villages: %(villages)s new, %(villages_known)s there already", **said),
        gettext("households: %(households)s new, %(households_known)s there already", **said),
        gettext("members of new households: %(members)s", **said),
    ):
        click.echo(f"  {line}")


def _prepare(session: Session, commune_id: str, region: str | None) -> None:
    """The commune's province and all its communes, if they are not there yet."""
    if session.get(Place, commune_id) is not None:
        return
    province = province_of(commune_id)
    if province is None:
        raise click.ClickException(gettext("No commune has the code %(code)s.", code=commune_id))
    if session.get(Place, province) is None and region is None:
        said = N_("The province %(code)s is not there yet: name its region of the B1 table with --region.")
        raise click.ClickException(gettext(said, code=province))
    load_province(session, province, region=region)
