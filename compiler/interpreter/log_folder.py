"""`logDir` -> a folder for the logs of a run, and a link to it in its own folder (W3)."""

from compiler.evaluate import Failure, text_of
from compiler.interpreter.texts import Place, said
from compiler.interpreter.values import Scope
from compiler.ir import Workflow


def move_logs(workflow: Workflow, place: Place) -> None:
    """From now on the files of the steps are elsewhere, if the workflow says so; no step
    has begun. Raises Failure."""
    steps = place.folder.steps
    if workflow.log_directory is None or steps.is_symlink():  # in a run that goes on
        return
    text = text_of(workflow.log_directory, Scope(known=place.known, special={}))
    if not text:
        raise Failure("the path of `logDir` is empty")
    target = place.work_dir / text / workflow.name / place.folder.run_id
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Secrets are in it while the run goes on.
        target.mkdir(mode=0o700, exist_ok=True)
        steps.rmdir()
        steps.symlink_to(target)
    except OSError as error:
        raise Failure(f"`logDir`: {said(error)}") from None
