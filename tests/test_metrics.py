"""What a metric means: of ours by its entry, of others' by the words in its name."""

import math

import pytest

from interplay.errors import StudyError
from interplay.metrics import METRICS, POSITIVE, SHARE, meaning_of, metrics_of, mode_of
from interplay.study.study import Study


@pytest.mark.parametrize("name", METRICS)
def test_ours_have_a_direction_and_bounds(name):
    meaning = meaning_of(name)
    assert meaning == METRICS[name].meaning
    assert meaning.mode in ("max", "min")
    low, high = meaning.bounds
    assert low < high
    # The better end is the one that the best model comes to.
    assert math.isfinite(high if meaning.mode == "max" else low)


@pytest.mark.parametrize(
    ("name", "mode", "bounds"),
    [
        ("val_loss", "min", POSITIVE),
        ("eval/accuracy", "max", SHARE),
        ("testRMSE", "min", POSITIVE),
        ("test_rmse", "min", POSITIVE),
        ("error", "min", POSITIVE),
        ("wer", "min", POSITIVE),
        ("categorical_cross_entropy", "min", POSITIVE),
        ("ROC_AUC", "max", SHARE),
        ("f1_macro", "max", SHARE),
        ("val_r2", "max", (-math.inf, 1.0)),
        ("mean_test_score", "max", None),
        ("brier_score", "min", POSITIVE),
        ("neg_mean_squared_error", "max", None),
        ("negative_log_likelihood", "min", None),
        ("episode_reward", "max", None),
        ("accuracy_at_least_loss", None, None),
        ("terrors of lossless accent", None, None),  # parts of words are no words
        ("value", None, None),
        ("", None, None),
    ],
)
def test_a_foreign_name_says_what_its_words_say(name, mode, bounds):
    meaning = meaning_of(name)
    assert (meaning.mode, meaning.bounds) == (mode, bounds)
    assert mode_of(name) == mode


def test_every_metric_that_is_promised_is_computed():
    import torch

    from interplay.training.metrics import evaluate

    found = evaluate(torch.randn(6, 3), torch.arange(6) % 3, "classification")
    assert {*found, "train_loss"} == set(metrics_of("classification"))
    found = evaluate(torch.randn(6, 2), torch.randn(6, 2), "regression")
    assert {*found, "train_loss"} == set(metrics_of("regression"))


@pytest.mark.parametrize(
    ("metric", "asked"), [("val_loss", False), ("wer", False), ("value", True), ("speed", True)]
)
def test_a_functions_metric_asks_for_its_mode_only_where_its_name_does_not_say(
    tmp_path, metric, asked
):
    (tmp_path / "of_its_name.py").write_text("def train(seed, x):\n    return {}\n")

    def study(**search):
        return Study(
            name="s",
            folders=[tmp_path],
            trial={"function": "of_its_name:train", "x": [1, 2]},
            search={"metric": metric, **search},
        )

    if asked:
        with pytest.raises(StudyError, match=r"search\.mode: missing"):
            study()
        assert study(mode="min").target(None) == (metric, "min")
    else:
        assert study().target(None) == (metric, mode_of(metric))
        assert "usually" in " ".join(study(mode="max").notes)
