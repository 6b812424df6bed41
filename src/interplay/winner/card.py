"""The model card: what somebody must know who uses a model that others trained.

After Mitchell et al., "Model Cards for Model Reporting", 2019, https://arxiv.org/abs/1810.03993.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interplay.data.raw import FORMS
from interplay.errors import how_many, listed
from interplay.models.factory import count_parameters
from interplay.training.members import section
from interplay.winner import manifest as files

if TYPE_CHECKING:
    from interplay.winner.handed import CardScore, Handed, Story
    from interplay.winner.manifest import Manifest

WHAT = {
    files.MANIFEST: "how the network is built, how inputs are prepared, the classes, digests of all files",
    files.WEIGHTS: "the weights: numbers only",
    files.PROGRAM: "the network as a program of `torch.export`, for any number of rows",
    files.ONNX: "the network as ONNX, for any number of rows; outputs are those of torch to 1e-5",
    files.PICTURE: "the heatmap of the study",
}
INPUTS = {
    "flat": "(rows, features)",
    "image": "(rows, channels, height, width)",
    "sequence": "(rows, steps, features)",
    "tokens": "(rows, steps)",
}


def card(
    handed: Handed, manifest: Manifest, written: Sequence[str], missing: Mapping[str, str]
) -> str:
    """The card in Markdown.

    Args:
        written: names of the folder's files besides the card and `model.json`.
        missing: files that could not be written, with the reason.
    """
    story = handed.story
    parts = [
        f"# Model card: {_plain(story.study)}",
        _details(handed),
        _use(handed, manifest, missing),
        _data(handed, manifest),
        _scores(story),
        _chosen(story, files.PICTURE in written),
        _limits(handed, manifest),
        _files([*written, files.MANIFEST], missing),
        _versions(manifest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _details(handed: Handed) -> str:
    story, model = handed.story, section(handed.config, "model")
    name = model.get("name") or f"{_code(model.get('builder'))} (its author's own)"
    optimizer = section(handed.config, "optimizer")
    rows = [
        ("network", name),
        ("parameters", f"{count_parameters(handed.model):,}"),
        ("options", _options(model, "name", "builder")),
        ("optimiser", optimizer.get("name", "–")),
        ("its options", _options(optimizer, "name")),
        ("trained for", f"{how_many(story.epochs, 'epoch')}, to the end: no early stopping"),
        ("seed of these weights", "not said" if story.seed is None else story.seed),
        ("training data", f"{_plain(handed.dataset.name)}, {len(handed.train_rows):,} rows"),
    ]
    return "## The model\n\n" + _table(("", ""), rows)


def _use(handed: Handed, manifest: Manifest, missing: Mapping[str, str]) -> str:
    data, form = handed.dataset, FORMS.get(manifest.raw.form)
    lines = [
        f"It {'says which class an input is of' if data.task == 'classification' else 'predicts values'}. "
        f"Raw inputs go in: {_form_words(manifest, form.summary)}.",
        "```python\nimport interplay\n\n"
        f'model = interplay.load_model("."{_builder(manifest, missing)})  # this folder\n'
        f"model.predict(raw)  # {_answer(handed, manifest)}\n"
        + (
            "model.probabilities(raw)  # of each class, in the order of `model.classes`\n"
            if data.task == "classification"
            else ""
        )
        + "```",
        f"`raw` is one input or several. Inputs that are prepared already, "
        f"{INPUTS[manifest.spec.kind]} of {_sides(manifest.spec.shape)}, go into `model(x)`. It needs "
        "neither Ray nor mltrainer. Loading runs no code that is in these files.",
    ]
    if data.classes:
        lines.append(f"Classes: {listed([_plain(name) for name in data.classes], 30)}.")
    return "## Use\n\n" + "\n\n".join(lines)


def _form_words(manifest: Manifest, summary: str) -> str:
    options = manifest.raw.options
    if manifest.raw.form == "columns":
        names = [_code(name) for name in options["names"]]
        return f"{summary}: {listed(names, 30)}"
    if manifest.raw.form in ("arrays", "sequences"):
        unit = options.get("unit", 1.0)
        said = f"{summary}: {_sides(options['shape'])}"
        if manifest.raw.form == "sequences":
            said = f"{summary} (up to {options['shape'][0]} steps were trained on)"
            if len(options["shape"]) > 1:
                said += f", {how_many(options['shape'][1], 'feature')} a step"
        return said + (f", as values of which {unit:g} become 1" if unit != 1 else "")
    return summary


def _answer(handed: Handed, manifest: Manifest) -> str:
    if handed.dataset.task == "classification":
        return "the class's name" if handed.dataset.classes else "the class's number"
    number = how_many(manifest.spec.num_outputs, "value")
    return f"{number}, in the unit of the data's source"


def _builder(manifest: Manifest, missing: Mapping[str, str]) -> str:
    alone = manifest.built_by == "family" or files.PROGRAM not in missing
    return "" if alone else ", builder=make"


def _data(handed: Handed, manifest: Manifest) -> str:
    data, story = handed.dataset, handed.story
    task = "classification" if data.task == "classification" else "regression"
    outputs = (
        how_many(data.num_outputs, "class", "classes")
        if data.task == "classification"
        else how_many(data.num_outputs, "value")
    )
    rows: list[tuple[str, Any]] = [
        ("name", _plain(data.name)),
        ("task", f"{task}, {outputs}"),
        ("rows", f"{len(data.inputs):,}"),
        *((f"rows of {part}", f"{number:,}") for part, number in story.rows.items()),
        ("digest", f"`{data.digest}`"),
    ]
    known = section(handed.config, "data")
    rows.append(("options", _options(known, "name", "builder")))
    if manifest.scaling is not None:
        rows.append(("scaled", f"{known.get('scale')}, by numbers of the rows trained on"))
    if data.groups is not None:
        rows.append(("groups", "rows of one group (a person, a device) are in one part"))
    return "## The data\n\n" + _table(("", ""), rows)


def _scores(story: Story) -> str:
    if not story.scores:
        return "## Scores\n\nNone were kept."
    rows = [
        (_code(name), score.part, f"{score.mean:.4g}", _spread(score), _interval(score), score.n)
        for name, score in story.scores.items()
    ]
    head = ("metric", "part", "mean", "standard deviation", "95% interval", "trainings")
    seeds = f"Seeds: {listed([str(seed) for seed in story.seeds])}. " if story.seeds else ""
    return (
        "## Scores\n\n"
        + _table(head, rows)
        + f"\n\n{seeds}The scores are of all these trainings; the weights here are of one of them."
    )


def _spread(score: CardScore) -> str:
    return "–" if score.sd is None else f"{score.sd:.2g}"


def _interval(score: CardScore) -> str:
    ends = (score.low, score.high)
    if any(end is None or math.isnan(end) for end in ends):
        return "–"
    return f"{score.low:.4g} to {score.high:.4g}"


def _chosen(story: Story, picture: bool) -> str:
    lines = []
    if story.chosen:
        lines.append(
            _table(("varied", "chosen"), [(_code(k), _code(v)) for k, v in story.chosen.items()])
        )
    lines += [" ".join(map(_plain, story.why))] if story.why else []
    if story.hypothesis:
        lines.append(f"Expected before anything trained: {_plain(story.hypothesis)}")
    if picture:
        lines.append(f"![Heatmap of the study {_plain(story.study)}]({files.PICTURE})")
    return "## How it was chosen\n\n" + "\n\n".join(lines) if lines else ""


def _limits(handed: Handed, manifest: Manifest) -> str:
    data, story = handed.dataset, handed.story
    lines = list(story.limits)
    lines.append(
        "It was scored on data like that of its training only; for other sources, devices or people "
        "nothing is known."
    )
    if not any(score.part == "test" for score in story.scores.values()):
        lines.append(
            "The scores are of the validation part, by which it was chosen: expect somewhat worse."
        )
    if data.task == "classification":
        lines.append("Every input is given one of the classes, also one that is of none of them.")
    if manifest.lengths:
        lines.append(f"The longest sequence trained on has {data.inputs.shape[1]} steps.")
    if manifest.raw.form == "words":
        number = len(manifest.raw.options["vocabulary"])
        lines.append(f"It knows {number:,} words; all others are one and the same to it.")
    if (precision := handed.config.get("training.precision", "float32")) != "float32":
        lines.append(f"It was trained and scored in {precision}, and predicts in float32.")
    return "## Limits\n\n" + "\n".join(f"- {_plain(line)}" for line in lines)


def _files(written: Sequence[str], missing: Mapping[str, str]) -> str:
    rows = [(f"`{name}`", WHAT[name]) for name in sorted(written)]
    rows += [(f"no `{name}`", _plain(reason)) for name, reason in missing.items()]
    return "## Files\n\n" + _table(("file", "what it is"), rows)


def _versions(manifest: Manifest) -> str:
    made = ", ".join(f"{name} {number}" for name, number in manifest.versions.items())
    return f"## Versions\n\nMade with {made}; format {manifest.interplay}."


def _options(options: Mapping[str, Any], *without: str) -> str:
    return ", ".join(_code(f"{k} = {v}") for k, v in options.items() if k not in without) or "–"


def _sides(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(value) for value in line)} |" for line in lines)


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _code(value: Any) -> str:
    """A value or a name as it is written in a study."""
    text = " ".join(str(value).replace("`", "'").split())
    return f"`{text}`"


def _plain(text: str) -> str:
    """Words of somebody's as they are: no headings, links or pictures come of them."""
    text = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#!" else sign for sign in text)
