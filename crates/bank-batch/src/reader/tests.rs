//! Reading files.

use std::io;

use bank_persistence::Derivation;

use super::*;
use crate::reference::Reference;

const ID: &str = "019b76da-a800-7000-8000-000000000001";

fn open(text: &str, reference: Option<&str>) -> Result<ChunkReader, BatchError> {
    let mut reader = ChunkReader::new(Box::new(io::Cursor::new(text.to_owned())), None, reference.is_some())?;
    let ids = |text: &str| LineIds::new(&Reference::new(text).unwrap(), text, Derivation::Ordinal);
    reader.reading = Reading::first(reference.map(ids));
    Ok(reader)
}

fn lines(text: &str, reference: Option<&str>) -> Vec<Line> {
    let mut reader = open(text, reference).unwrap();
    let mut lines = Vec::new();
    while let Some(chunk) = reader.next_chunk(2).unwrap() {
        assert!(chunk.lines.len() <= 2);
        lines.extend(chunk.lines);
    }
    lines
}

fn reason(line: &Line) -> String {
    line.content.as_ref().unwrap_err().to_string()
}

#[test]
fn csv_and_json_lines_ask_for_the_same_transfers() {
    let csv = lines("\u{feff}to,from,amount,memo\r\nJohn,Jessica,8,rent\r\n", Some("r"));
    let json = lines("\n{\"from\":\"Jessica\",\"to\":\"John\",\"amount\":\"8\",\"memo\":\"rent\"}", Some("r"));
    assert_eq!(csv.iter().map(|line| &line.content).collect::<Vec<_>>(), [&json[0].content]);
    assert_eq!(csv[0].number, 2);
}

#[test]
fn the_id_of_a_line_is_kept() {
    let lines = lines(&format!("from,to,amount,id\na,b,1,{ID}\na,b,1,\n"), Some("r"));
    let ids: Vec<String> = lines.iter().map(|line| line.content.as_ref().unwrap().0.to_string()).collect();
    assert_eq!(ids[0], ID);
    assert_ne!(ids[1], ID);
}

#[test]
fn rejects_a_json_array_and_lines_without_ids_or_a_reference() {
    let refused = open("[{\"from\":\"a\"}]", Some("r")).err().unwrap();
    assert!(matches!(refused, BatchError::JsonArray), "{refused:?}");
    for text in ["from,to,amount\na,b,1\n", "{\"from\":\"a\",\"to\":\"b\",\"amount\":1}\n"] {
        let refused = open(text, None).err().unwrap();
        assert!(matches!(refused, BatchError::NoIds), "{refused:?}");
    }
    let lines = lines(&format!("from,to,amount,id\na,b,1,\na,b,1,{ID}"), None);
    assert_eq!(lines[0].content, Err(Malformed::NoId));
    assert!(lines[1].content.is_ok());
}

#[test]
fn a_file_without_lines_is_empty() {
    for text in ["", "\n\n", "from,to,amount", "from,to,amount\n\n"] {
        let mut reader = open(text, None).unwrap();
        assert!(reader.is_empty && reader.next_chunk(9).unwrap().is_none(), "{text:?}");
    }
}

#[test]
fn malformed_lines_do_not_hide_those_after_them() {
    let lines = lines("from,to,amount\na,b,x\na,b\n\n\"a\"c,b,1\na,b,1\n", Some("r"));
    assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [2, 3, 5, 6]);
    assert_eq!(
        reason(&lines[0]),
        "column 3 (amount): \"x\" is not a number: write digits, and decimals behind a point, such as 12.50"
    );
    assert_eq!(reason(&lines[1]), "columns: 2 in this line, 3 in the header");
    assert!(reason(&lines[2]).starts_with("column 1 (from): the field has text after its closing quote"));
    assert!(lines[3].content.is_ok());
}

#[test]
fn lines_inside_a_quoted_field_are_malformed() {
    let lines = lines("from,to,amount,memo\na,b,1,\"x\na,b,2,\n\na,b,3,y\"\na,b,4,\na,b,5,\"\na,b,6,", Some("r"));
    let good: Vec<u64> = lines.iter().filter(|line| line.content.is_ok()).map(|line| line.number).collect();
    assert_eq!(good, [6]);
    assert!(reason(&lines[0]).starts_with("column 4 (memo): the field begins with a quote"));
    for (place, since) in [(1, 2), (2, 2), (5, 7)] {
        assert_eq!(reason(&lines[place]), format!("inside a quoted field opened on line {since}"));
    }
}

#[test]
fn a_derived_id_follows_from_the_place_of_the_line_alone() {
    let before = lines("from,to,amount\n\na,b,1\na,b,x\na,b,1\n", Some("r"));
    let after = lines("amount,from,to\n2,c,d\n3,c,d\n1,c,d\n", Some("R"));
    let ids = |lines: &[Line]| lines.iter().map(|line| line.id().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
    assert!(ids(&before).is_sorted());
    assert_eq!(before.iter().map(|line| line.is_derived).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn lines_with_an_equal_id_are_malformed_once_the_whole_file_is_known() {
    let text = format!("from,to,amount,id\na,b,1,{ID}\na,b,2,\na,b,1,{ID}\n");
    let once = lines(&text, Some("r"));
    assert!(once[0].content.is_ok() && once[1].content.is_ok(), "{once:?}");
    let of_line = |line| format!("the id {ID} is also that of line {line}: every transfer needs an id of its own");
    assert_eq!(reason(&once[2]), of_line(2));

    let mut first = open(&text, Some("r")).unwrap();
    while first.next_chunk(9).unwrap().is_some() {}
    let mut again = open(&text, Some("r")).unwrap();
    again.reading = Reading::again(first.reading.ids, first.reading.equal_ids, first.reading.labels);
    let chunk = again.next_chunk(9).unwrap().unwrap();
    assert_eq!((reason(&chunk.lines[0]), reason(&chunk.lines[2])), (of_line(4), of_line(2)));
    assert!(chunk.lines[1].content.is_ok());
}

#[test]
fn an_id_of_the_reference_itself_is_malformed_in_another_place() {
    let id = lines("from,to,amount\na,b,1\na,b,2\n", Some("r"))[1].id().unwrap();
    let text = format!("from,to,amount,id\na,b,2,{id}\n");
    let with_reference = &lines(&text, Some("r"))[0];
    assert!(reason(with_reference).starts_with("the id is that of line 2 of the reference's own file"));
    assert!(lines(&text, None)[0].content.is_ok());
    assert!(lines(&text, Some("s"))[0].content.is_ok());
}

#[test]
fn a_chunk_holds_a_bounded_amount_of_text() {
    let memo = "é".repeat(200);
    let text = format!("from,to,amount,memo\n{}", format!("a,b,1,{memo}\n").repeat(30_000));
    let chunk = open(&text, Some("r")).unwrap().next_chunk(50_000).unwrap().unwrap();
    assert!((10_000..11_000).contains(&chunk.lines.len()), "{}", chunk.lines.len());
}

fn grouped(text: &str) -> Vec<Line> {
    lines_of(open(text, Some("r")).unwrap())
}

fn lines_of(mut reader: ChunkReader) -> Vec<Line> {
    let mut lines = Vec::new();
    while let Some(chunk) = reader.next_chunk(2).unwrap() {
        lines.extend(chunk.lines);
    }
    lines
}

/// Returns the reasons of malformed lines, and empty texts for good ones.
fn reasons(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| line.content.as_ref().map_or_else(ToString::to_string, |_| String::new())).collect()
}

#[test]
fn a_chunk_does_not_cut_a_group() {
    let text = "from,to,amount,group\na,b,1,\na,b,1,x\na,b,1,x\na,b,1,x\na,b,1,y\na,b,1,y\na,b,1,\n";
    let mut reader = open(text, Some("r")).unwrap();
    let mut sizes = Vec::new();
    while let Some(chunk) = reader.next_chunk(2).unwrap() {
        assert!(chunk.lines.iter().all(|line| line.content.is_ok()), "{chunk:?}");
        sizes.push(chunk.lines.len());
    }
    assert_eq!(sizes, [4, 2, 1]);
}

#[test]
fn all_lines_of_a_group_are_malformed_if_one_is() {
    let lines = grouped("group,from,to,amount\nx,a,b,1\nx,a,b,0\nx,a,b,1\n,a,b,1\n");
    let expected =
        ["line 3 of its group is malformed", "column 4 (amount): amount \"0\"", "line 3 of its group is malformed", ""];
    for (reason, expected) in reasons(&lines).iter().zip(expected) {
        assert!(reason.starts_with(expected), "{reason}");
    }
    // Each keeps the id under which it is posted once it is corrected.
    assert!(lines.iter().all(|line| line.id().is_some()));
}

#[test]
fn a_line_beside_a_group_that_cannot_be_read_may_belong_to_it() {
    for text in ["a,b\na,b,1,x\na,b,1,x\na,b,1,\n", "a,b,1,\na,b,1,x\na,b,1,x\na,b\n"] {
        let lines = grouped(&format!("from,to,amount,group\n{text}"));
        let beside = reasons(&lines).iter().filter(|reason| reason.ends_with("may belong to it")).count();
        assert_eq!(beside, 2, "{lines:?}");
    }
    // Without a column for groups there is no group.
    let lines = grouped("from,to,amount\na,b\na,b,1\n");
    assert_eq!(reasons(&lines)[1], "");
}

#[test]
fn a_label_that_returns_is_a_mistake() {
    let text = "from,to,amount,group\na,b,1,x\na,b,1,x\na,b,1,y\na,b,1,y\na,b,1,x\na,b,1,x\n";
    let mut reader = open(text, Some("r")).unwrap();
    while reader.next_chunk(9).unwrap().is_some() {}
    let first = reader.reading;
    let mut reader = open(text, Some("r")).unwrap();
    reader.reading = Reading::again(first.ids, first.equal_ids, first.labels);
    let returns =
        |line: u64| format!("the group begins on line {line}, too: the lines of a group stand one after the other");
    let (later, earlier, none) = (returns(6), returns(2), String::new());
    let expected = [&later, &later, &none, &none, &earlier, &earlier].map(Clone::clone);
    assert_eq!(reasons(&lines_of(reader)), expected);
}

#[test]
fn a_group_has_2_to_1000_lines() {
    let of = |count: usize| grouped(&format!("from,to,amount,group\n{}a,b,1,\n", "a,b,1,x\n".repeat(count)));
    assert!(reasons(&of(1))[0].starts_with("the group has one line only"));
    assert!(of(1000).iter().all(|line| line.content.is_ok()));
    for count in [1001, 1002, 2500] {
        let reasons = reasons(&of(count));
        assert!(reasons[..count].iter().all(|reason| reason == "the group has more than 1000 lines"), "{count}");
        assert_eq!(reasons[count], "");
    }
}
