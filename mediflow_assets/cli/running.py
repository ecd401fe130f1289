"""`mediflow run`, `demo` and `up`: what goes through Dagster."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediflow_assets.cli import context

if TYPE_CHECKING:
    from mediflow_assets.settings import Settings

SAMPLE_ROWS, SAMPLE_SEED = 50_000, 7


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run")(run)
    app.command("demo")(demo)
    app.command("up")(up)


def run(
    select: Annotated[str | None, typer.Option(help="only these assets, in Dagster's selection syntax")] = None,
    job: Annotated[str, typer.Option(help="refresh, train, rebuild or maintain")] = "refresh",
    wait: Annotated[float, typer.Option(help="seconds to wait for the lake")] = 0,
) -> None:
    """Bring every table up to date from what has arrived."""
    from mediflow_assets.cli import officer

    if select == "models":
        # training, with what it leaves: the scores of the champions
        job, select = "train", None
    with officer.recorded(context.settings(), "run", job):
        raise typer.Exit(launch(job, select=select, wait=wait))


def launch(
    job_name: str, replay: dict[str, str | None] | None = None, *, select: str | None = None, wait: float = 0
) -> int:
    """Run a job through Dagster, telling its progress; returns the exit code: 0 done, 1 failed, 3 a check failed."""
    from mediflow_assets.cli.output import progress
    from mediflow_assets.defs import launching

    settings = context.settings()
    settings.pseudonym_key()
    _refuse_if_held(settings, wait)
    launching.install_dagster_home(settings)
    from mediflow_assets.definitions import build_defs

    config: dict[str, Any] = {}
    if replay is not None:
        from mediflow_assets.defs.assets.silver import SILVER_STEPS

        wanted = {"replay": True} | {name: value for name, value in replay.items() if value}
        config = {"ops": {step: {"config": wanted} for step in SILVER_STEPS}}
    try:
        with progress(job_name) as tell:
            outcome = launching.run_job(build_defs(settings), job_name, select, config, wait, tell)
    finally:
        launching.end_engine()
    for failed in outcome.failed_checks:
        print(f"check failed: {failed}", file=sys.stderr)
    for warned in outcome.warnings:
        print(f"warning, which stops nothing: {warned}", file=sys.stderr)
    for error in outcome.errors:
        print(f"Error: {error}", file=sys.stderr)
    if outcome.is_success:
        return 0
    return 3 if outcome.failed_checks else 1


def _refuse_if_held(settings: "Settings", wait: float) -> None:
    """Say who holds the lake before a run is started that could only fail."""
    from mediflow_assets.storage.lease import lake_lease

    lock = settings.lock
    if not wait and (not isinstance(lock, Path) or lock.exists()):
        with lake_lease(lock, "a look", keep_name=True):
            pass


def demo() -> None:
    """Set up a home, generate the sample hospital, ingest it, run everything, and say what was made."""
    from mediflow_assets.cli import summary

    raise typer.Exit(summary.demo(SAMPLE_ROWS, SAMPLE_SEED))


def up(
    port: Annotated[int, typer.Option(help="of the Dagster UI")] = 3000,
    gateway_port: Annotated[int, typer.Option(help="of the gateway")] = 8000,
    dashboard_port: Annotated[int, typer.Option(help="of the dashboard")] = 8501,
) -> None:
    """Dagster's UI and daemon, the gateway and the dashboard on localhost, until Ctrl-C."""
    import os
    import signal
    import subprocess

    from mediflow_assets.defs.launching import install_dagster_home, make_storage

    settings = context.settings()
    settings.pseudonym_key()
    install_dagster_home(settings)
    # two processes that make the same databases at once: one of them fails
    make_storage()
    environment = os.environ | {
        "MEDIFLOW_HOME": str(settings.root),
        "MEDIFLOW_GATEWAY_URL": f"http://127.0.0.1:{gateway_port}",
    }
    binaries = Path(sys.executable).parent
    common = ["-m", "mediflow_assets.definitions"]
    commands = [
        [str(binaries / "dagster-webserver"), "-h", "127.0.0.1", "-p", str(port), *common],
        [str(binaries / "dagster-daemon"), "run", *common],
        [sys.executable, "-m", "serving", "--port", str(gateway_port)],
        [sys.executable, "-m", "dashboard", "--port", str(dashboard_port)],
    ]
    print(f"Dagster UI: http://127.0.0.1:{port}  (Ctrl-C ends all)", flush=True)
    print(f"Gateway: http://127.0.0.1:{gateway_port}", flush=True)
    print(f"Dashboard: http://127.0.0.1:{dashboard_port}", flush=True)
    # dagster sets SIGTERM to SIGINT's handler, which a shell's & leaves ignored: restore it in the children
    children = [
        subprocess.Popen(
            command,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        for command in commands
    ]
    raise typer.Exit(_wait(children))


def _wait(children: list[Any]) -> int:
    """Until one child ends or a signal comes; then end them all."""
    import signal
    import subprocess
    import time

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    code = 0
    try:
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        code = 1
    except KeyboardInterrupt:
        pass
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
    return code
