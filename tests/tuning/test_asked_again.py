"""A folder that was run before: what is said of it, and of how long the rest will take."""

import interplay
from interplay.cli.printing import print_outcome, print_plan
from interplay.tuning.execute import dry_run
from tests.tuning.fake import curves_from

made = curves_from(lambda member, epoch: member.seed / 10, "accuracy")


def test_a_finished_study_asked_again_says_one_line(quiet_run, make_study, tmp_path, capsys):
    quiet_run(make_study(), gives=made)
    interplay.run(make_study(), tmp_path / "run")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "small: nothing new to train, all 8 members were there already\n"


def test_what_is_asked_otherwise_is_named_with_the_rows_that_stay_aside(
    quiet_run, make_study, tmp_path, capsys
):
    quiet_run(make_study(), gives=made)
    asked = make_study(
        epochs=2,
        data={"batch_size": 64, "scale": "standard"},
        name="other",
        resources={"workers": 1},
    )
    outcome = quiet_run(asked, gives=made)
    print_outcome(outcome)
    said = (
        "unused   8 members of other settings, data or code are kept; changed since: "
        "epochs 1 → 2, data.batch_size 128 → 64, data.scale (not given) → 'standard'\n"
    )
    assert said in capsys.readouterr().out
    # The same again: the rows are still there, and nothing changed.
    again = quiet_run(asked, gives=made)
    assert again.left_aside == "8 members of other settings, data or code are kept"
    interplay.run(asked, tmp_path / "run")
    assert again.left_aside in capsys.readouterr().err


def test_more_of_the_same_leaves_nothing_aside(quiet_run, make_study):
    quiet_run(make_study(), gives=made)
    more = quiet_run(make_study(seeds=3), gives=made)
    assert (more.unused, more.left_aside) == (0, None)


def test_a_plan_foretells_its_time_where_something_was_trained(
    quiet_run, make_study, tmp_path, capsys
):
    first, longer = make_study(), make_study(epochs=3, resources={"workers": 1})
    assert dry_run(first, tmp_path / "run")["seconds"] is None
    print_plan(first, str(tmp_path / "run"))
    assert "\ntime " not in capsys.readouterr().out
    frame = quiet_run(first).results.frame
    assert frame["seconds"].sum() > 0
    plan = dry_run(longer, tmp_path / "run")
    # Eight members, three times as long, on one worker.
    assert abs(plan["seconds"] / (3 * frame["seconds"].sum()) - 1) < 1e-6
    print_plan(longer, str(tmp_path / "run"))
    assert "time     about " in capsys.readouterr().out
    # A search, of which half is there.
    search = {"method": "random", "time_budget": 1000.0}
    half = make_study(name="half", search={**search, "trials": 2})
    whole = make_study(name="half", search={**search, "trials": 4}, resources={"workers": 1})
    frame = quiet_run(half, "half").results.frame
    plan = dry_run(whole, tmp_path / "half")
    assert plan["missing"] == len(frame) == 4
    assert abs(plan["seconds"] / frame["seconds"].sum() - 1) < 1e-6
    print_plan(whole, str(tmp_path / "half"))
    said = capsys.readouterr().out
    assert "finished all but 4\n" in said
    assert "time     about " in said
    print_plan(first, str(tmp_path / "run"))  # nothing is left to train
    assert "\ntime " not in capsys.readouterr().out
