"""Files of separated values: what stands between columns, decimal commas, and mixtures refused."""

import pandas as pd
import pytest

from interplay.separated import read_separated

CELLS = [[0.001, "a"], [0.5, "b"]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(tmp_path, separator):
    file = tmp_path / "t.csv"
    frame = pd.DataFrame(CELLS, columns=["lr", "net"])
    frame.to_csv(file, sep=separator, index=False, encoding="utf-8-sig")
    pd.testing.assert_frame_equal(read_separated(file), frame)


def read(folder, text):
    (folder / "t.csv").write_text(text)
    return read_separated(folder / "t.csv")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas(tmp_path, separator):
    text = "lr;n;acc;sizes;word\n0,001;3;0,91;8,16,32;a\n1E-2;4;;8,16;1,5 b\n+,5;5;-3;8;c\n"
    frame = read(tmp_path, text.replace("1E-2", "1,0E-2").replace(";", separator))
    assert frame["lr"].tolist() == [0.001, 0.01, 0.5]
    assert frame["n"].tolist() == [3, 4, 5]
    assert frame["acc"].fillna(9).tolist() == [0.91, 9, -3]
    assert frame["sizes"].tolist() == ["8,16,32", "8,16", "8"]
    assert frame["word"].tolist() == ["a", "1,5 b", "c"]


def test_a_nul_is_refused_where_it_would_end_a_value(tmp_path):
    with pytest.raises(ValueError, match="a NUL in line 3"):
        read(tmp_path, "net,acc\na,1\na\0b,2\na\0c,3\n")
    (tmp_path / "t.csv").write_bytes("net,acc\na,1\n".encode("utf-16"))
    with pytest.raises(ValueError, match="save it as UTF-8"):
        read_separated(tmp_path / "t.csv")


def test_between_commas_a_comma_is_no_decimal_one(tmp_path):
    assert read(tmp_path, 'sizes,acc\n"8,16",0.5\n')["sizes"].tolist() == ["8,16"]


@pytest.mark.parametrize("other", ["0.5", "1.000"])
def test_commas_and_points_together_are_refused(tmp_path, other):
    with pytest.raises(ValueError, match=r"decimal commas in 'lr' and with points in 'time'"):
        read(tmp_path, f"lr;time\n0,1;{other}\n0,2;{other}\n")


def test_whole_numbers_with_gaps_are_not_taken_for_points(tmp_path):
    assert read(tmp_path, "lr;n\n0,1;3\n0,2;\n")["n"].fillna(9).tolist() == [3, 9]


def test_lines_longer_than_that_of_the_names_are_refused(tmp_path):
    """pandas would name rows by their first values, and move all others under another name."""
    with pytest.raises(ValueError, match="3 names in its first line, and 4 values in others"):
        read(tmp_path, "lr,w,acc\n1,2,3,4\n5,6,7,8\n")
    with pytest.raises(ValueError, match="2 names in its first line, and 4 values in others"):
        read(tmp_path, "lr;acc\n0,1;2;;4\n0,2;2;3;4\n")
    # A separator at the end of each line moves nothing.
    ended = read(tmp_path, "lr,acc\n1,2,\n5,6,\n")
    assert ended.to_dict("list") == {"lr": [1, 5], "acc": [2, 6]}


@pytest.mark.parametrize("separator", [",", ";"])
def test_two_columns_of_one_name_are_refused(tmp_path, separator):
    with pytest.raises(ValueError, match="more than one column is called acc: rename them"):
        read(tmp_path, "lr,acc,acc\n1,2,3\n".replace(",", separator))
    assert list(read(tmp_path, "lr,acc,acc.1,,\n1,2,3,4,5\n"))[:3] == ["lr", "acc", "acc.1"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_lines_of_other_columns_are_named(tmp_path, separator):
    def refused(text, says):
        with pytest.raises(ValueError, match=says):
            read(tmp_path, text.replace(",", separator))

    refused("lr,w,acc\n1,2,3\n\n1,2\n", "line 4 has 2 values, and the first line 3 names")
    refused('lr,w,acc\n1,"a\nb",3\n1,2\n', "line 4 has 2 values")
    refused("lr,w,acc\n1,2,3\nlr,w,acc\n1,2,3\n", "line 3 has names once more")
    refused("lr,w,acc\n1,2,3\nlr,w,drop\n1,2,3\n", "line 3 has names once more")
    refused("lr,w,acc\n1,2,3\n1,2,3,4\n", "Expected 3 fields in line 3, saw 4")
    # Gaps, words that are names and columns without one are none of these.
    whole = "lr,opt,acc,,\n1,lr,3,,\n1,opt,\n1,a,,,\n   \n"
    assert len(read(tmp_path, whole.replace(",", separator))) == 3
