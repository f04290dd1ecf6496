use super::*;

fn large_file(between: &str) -> String {
    let rows: Vec<_> = (1..=1_234).map(|loan| format!("{}{between}", row(loan))).collect();
    file(&rows)
}

fn bytes<'a>(text: &'a str, chunk: &Chunk) -> &'a [u8] {
    let range = usize::try_from(chunk.start).expect("fits")..usize::try_from(chunk.end).expect("fits");
    &text.as_bytes()[range]
}

#[test]
fn chunks_cover_every_row_once_and_carry_the_hash_of_their_bytes() {
    for between in ["", "\r\n", "<!-- x -->", "<note/>"] {
        let text = large_file(between);
        let summary = read(&text).expect("valid");
        let shape: Vec<_> = summary.chunks.iter().map(|chunk| (chunk.number, chunk.first_row, chunk.rows)).collect();
        assert_eq!(shape, [(1, 1, 500), (2, 501, 500), (3, 1_001, 234)]);
        let mut next = 1;
        for chunk in &summary.chunks {
            assert_eq!(Sha256Hash::of(bytes(&text, chunk)), chunk.sha256);
            for row in read_chunk(bytes(&text, chunk), chunk.first_row, &Layout::Xml, &Limits::default(), TODAY)
                .expect("valid")
            {
                assert_eq!((row.number, row.payee.number().expose()), (next, format!("{next:08}").as_str()));
                next += 1;
            }
        }
        assert_eq!(next, 1_235);
    }
}

#[test]
fn a_row_read_again_has_its_typed_values() {
    let rows = read_chunk(row(7).as_bytes(), 42, &Layout::Xml, &Limits::default(), TODAY).expect("valid");
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.number, row.amount.get()), (42, 815));
    assert_eq!((row.employee_id.as_str(), row.branch_id.as_str()), ("EMP-3f0c1a52", "BRC-91b7e6d4"));
    assert_eq!((row.first_name.as_str(), row.last_name.as_str()), ("Marlo", "O'Sample"));
    assert_eq!((row.source_id.as_str(), row.payee.institution_id()), ("CORP-5a2d9c10", Some("ins_900001")));
    let shown = format!("{row:?}");
    assert!(!shown.contains("Marlo") && !shown.contains("Sample") && !shown.contains("00000007"), "{shown}");
}

#[test]
fn a_row_read_again_has_the_digest_that_the_summary_has_of_it() {
    let text = file(&[row(7), row_with(8, "LoanAccountNumber", "ab-0009")]);
    let summary = read(&text).expect("valid");
    let chunk = &summary.chunks[0];
    let rows =
        read_chunk(bytes(&text, chunk), chunk.first_row, &Layout::Xml, &Limits::default(), TODAY).expect("valid");
    let mut digests: Vec<RowDigest> = rows.iter().map(Row::digest).collect();
    digests.sort_unstable();
    assert_eq!(digests, summary.row_digests);
}

#[test]
fn a_chunk_that_is_no_longer_valid_is_refused() {
    let half = &row(1)[..300];
    for chunk in [half.as_bytes(), b"\xff", b"</root>", row_with(1, "Amount", "$5").as_bytes()] {
        assert!(read_chunk(chunk, 1, &Layout::Xml, &Limits::default(), TODAY).is_err());
    }
}
