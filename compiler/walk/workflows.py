"""A workflow -> what it says around its steps, or the same with that replaced."""

from collections.abc import Iterator
from dataclasses import replace

from compiler.ir import Notice, Param, ShellText, Smtp, Template, Variable, Workflow
from compiler.walk.bodies import condition_texts, map_condition
from compiler.walk.expressions import ShellTexts, Templates, template_texts


def map_smtp(smtp: Smtp, template: Templates) -> Smtp:
    """`smtp` with its templates replaced."""
    return replace(
        smtp,
        host=template(smtp.host),
        port=template(smtp.port),
        username=None if smtp.username is None else template(smtp.username),
        password=None if smtp.password is None else template(smtp.password),
    )


def map_notice(notice: Notice, template: Templates) -> Notice:
    """`notice` with its templates replaced."""
    return replace(
        notice,
        sender=template(notice.sender),
        to=tuple(map(template, notice.to)),
        prefix=None if notice.prefix is None else template(notice.prefix),
    )


def map_surroundings(
    workflow: Workflow, template: Templates, shell_text: ShellTexts
) -> Workflow:
    """`workflow` with what it says beside params, env and steps replaced: its conditions,
    folders and mails."""
    if not _has_surroundings(workflow):
        return workflow

    def maybe(this: Template | None) -> Template | None:
        return None if this is None else template(this)

    def notice(this: Notice | None) -> Notice | None:
        return None if this is None else map_notice(this, template)

    return replace(
        workflow,
        conditions=tuple(
            map_condition(each, template, shell_text) for each in workflow.conditions
        ),
        directory=maybe(workflow.directory),
        log_directory=maybe(workflow.log_directory),
        smtp=None if workflow.smtp is None else map_smtp(workflow.smtp, template),
        error_mail=notice(workflow.error_mail),
        info_mail=notice(workflow.info_mail),
    )


def _has_surroundings(workflow: Workflow) -> bool:
    return bool(
        workflow.conditions
        or workflow.directory
        or workflow.log_directory
        or workflow.smtp
        or workflow.error_mail
        or workflow.info_mail
    )


def surrounding_texts(workflow: Workflow) -> Iterator[Template | ShellText]:
    """Every template and shell text that `map_surroundings` replaces."""
    for condition in workflow.conditions:
        yield from condition_texts(condition)
    smtp = workflow.smtp
    found = [workflow.directory, workflow.log_directory]
    if smtp is not None:
        found += [smtp.host, smtp.port, smtp.username, smtp.password]
    for notice in (workflow.error_mail, workflow.info_mail):
        if notice is not None:
            found += [notice.sender, *notice.to, notice.prefix]
    for template in found:
        if template is not None:
            yield from template_texts(template)


def map_definitions(workflow: Workflow, template: Templates) -> Workflow:
    """`workflow` with the values of its params and env replaced."""

    def param(each: Param) -> Param:
        if each.default is None:
            return each
        return replace(each, default=template(each.default))

    def variable(each: Variable) -> Variable:
        return replace(each, value=template(each.value))

    return replace(
        workflow,
        params=tuple(map(param, workflow.params)),
        env=tuple(map(variable, workflow.env)),
        order=tuple(
            param(each) if isinstance(each, Param) else variable(each)
            for each in workflow.order
        ),
    )
