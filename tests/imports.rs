//! Files as people really send them, and files with mistakes in them.

use crate::both;
use crate::harness::http::{Person, set};
use crate::harness::log::{COLUMNS, EVENING, LATER, Row, conference, csv};
use crate::harness::{Place, Ran};

fn import(place: &Place, rows: &[Row], flags: &[&str]) -> Ran {
    let folder = place.records(rows);
    place.run(&[&["--at", EVENING, "import", folder.to_str().unwrap()], flags].concat())
}

/// Imports the conference with one cell of one row changed, and gives back what was said.
fn refused(column: &'static str, value: &str) -> String {
    let place = Place::sqlite();
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().with(column, value);
    let ran = import(&place, &rows, &[]);
    assert_eq!(ran.code, 1, "{column} = {value} was taken\n{}", ran.out);
    assert!(ran.out.contains("Nothing was taken in"), "{}", ran.out);
    ran.out
}

/// The same, with all rows of the conference changed.
fn refused_in_all(changes: &[(&'static str, &str)]) -> String {
    let place = Place::sqlite();
    let rows = conference("C-1").into_iter();
    let rows: Vec<Row> =
        rows.map(|row| changes.iter().fold(row, |row, (column, value)| row.with(column, value))).collect();
    let ran = import(&place, &rows, &[]);
    assert_eq!(ran.code, 1, "{changes:?} was taken\n{}", ran.out);
    ran.out
}

#[test]
fn an_unknown_code_is_refused_with_its_row_its_column_and_the_nearest_known_one() {
    let said = refused("attendance", "vidio");
    assert!(
        said.contains("attendance-log.csv, row 4, column `attendance`: \"vidio\" is not one of in_person, video, phone, absent. Did you mean \"video\"?"),
        "{said}"
    );
    assert!(said.contains("Conference C-1 was not taken"), "{said}");
    assert!(refused("agency_code", "OHH").contains("Did you mean \"OH\"?"));
    assert!(refused_in_all(&[("conference_type", "reveiw")]).contains("Did you mean \"review\"?"));
    assert!(
        refused_in_all(&[("decisions", "L1042=plan_continue")]).contains("Did you mean \"plan_continues\"?")
    );
}

#[test]
fn facts_that_contradict_each_other_are_refused() {
    assert!(refused("left_at", "13:xx").contains("not a time of day"));
    let place = Place::sqlite();
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().with("joined_at", "14:20").with("left_at", "14:10");
    assert!(import(&place, &rows, &[]).out.contains("left before joining (14:20)"));
    rows[2] = conference("C-1")[2].clone().absent().with("by_deputy", "yes");
    assert!(import(&place, &rows, &[]).out.contains("a deputy came, and nobody was there"));
    rows[2] = conference("C-1")[2].clone().absent().with("joined_at", "13:40");
    assert!(import(&place, &rows, &[]).out.contains("nobody was there to join or leave"));
    assert!(refused("report", "none").contains("a report has a date of receipt"));
    let mut rows = conference("C-1");
    rows[0] = rows[0].clone().with("excused", "no_longer_involved");
    assert!(import(&place, &rows, &[]).out.contains("children's social care cannot be excused"));
}

#[test]
fn a_decision_for_a_child_who_is_not_in_the_conference_is_refused() {
    assert!(
        refused_in_all(&[("decisions", "L9999=plan_continues")])
            .contains("L9999 is not one of this conference's children")
    );
    assert!(
        refused_in_all(&[("decisions", "L1042=plan_made")])
            .contains("cannot be decided at a conference of type review")
    );
    assert!(refused_in_all(&[("child_refs", "L1042;L1042")]).contains("stands twice"));
}

#[test]
fn attendance_in_the_future_is_refused() {
    let said = refused_in_all(&[("conference_date", "2026-11-04")]);
    assert!(said.contains("the conference is in the future (today is 2026-09-30)"), "{said}");
    assert!(refused("invited_on", "2026-10-05").contains("this lies in the future"));
}

#[test]
fn conference_columns_that_differ_between_rows_are_refused() {
    let said = refused("chair", "Chair 2");
    assert!(said.contains("row 2 of the same conference has \"Chair 1\""), "{said}");
}

#[test]
fn the_same_invitation_twice_is_refused() {
    let place = Place::sqlite();
    let mut rows = conference("C-1");
    rows.push(rows[2].clone().with("attendance", "absent").with("by_deputy", "no"));
    let said = import(&place, &rows, &[]).out;
    assert!(said.contains("row 6, column `service`") && said.contains("stand in row 4"), "{said}");
}

#[test]
fn an_adjourned_conference_needs_its_reason_and_a_cancelled_one_has_no_attendance() {
    let adjourned = [("status", "adjourned"), ("decisions", "L1042=adjourned")];
    assert!(refused_in_all(&adjourned).contains("an adjourned conference has no reason"));
    let cancelled = [("status", "cancelled"), ("decision_time", ""), ("decisions", "")];
    assert!(refused_in_all(&cancelled).contains("the conference was not held"));
}

#[test]
fn a_time_that_the_clocks_left_out_is_refused() {
    let spring = [
        ("conference_date", "2026-03-29"),
        ("start_time", "01:30"),
        ("invited_on", "2026-03-01"),
        ("report_received_on", ""),
    ];
    assert!(refused_in_all(&spring).contains("the clocks went forward over this time"));
}

#[test]
fn a_file_with_a_refused_row_is_taken_without_its_whole_conference_when_asked_to() {
    let place = Place::sqlite();
    let mut rows = conference("C-1");
    rows.extend(conference("C-2"));
    rows[5] = rows[5].clone().with("view", "perhaps");
    let ran = import(&place, &rows, &["--without-refused"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("Conferences:   1 new, 0 changed, 0 unchanged, 1 refused"), "{}", ran.out);
    assert!(ran.out.contains("Invitations:   4 new, 0 changed, 0 unchanged, 4 refused"), "{}", ran.out);
    assert_eq!(place.report("2026-09")["invitations"], 4);
}

#[test]
fn a_refused_row_that_names_no_conference_holds_all_of_them_back() {
    let place = Place::sqlite();
    let mut rows = conference("C-1");
    rows[3] = rows[3].clone().with("conference_ref", "");
    let ran = import(&place, &rows, &["--without-refused"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("names no conference"), "{}", ran.out);
}

#[test]
fn a_name_is_not_a_case_reference() {
    for refs in ["John Smith", "L1,L2", "L1042 L1043"] {
        assert!(
            refused_in_all(&[("child_refs", refs), ("decisions", "")]).contains("is not a case reference"),
            "{refs}"
        );
    }
}

#[test]
fn a_row_cut_short_takes_its_conference_with_it_and_an_open_quotation_mark_the_whole_file() {
    let place = Place::sqlite();
    place.records(&[]);
    let mut rows = conference("C-1");
    rows.extend(conference("C-2"));
    let text = csv(&rows);
    let cut = text.trim_end().rsplit_once(",,").unwrap().0;
    let file = place.write("cut/attendance-log.csv", cut);
    place.done_at(EVENING, &["import", place.path("records/agencies.csv").to_str().unwrap()]);
    let ran = place.run(&["--at", EVENING, "import", file.to_str().unwrap(), "--without-refused"]);
    assert!(ran.out.contains("Conferences:   1 new, 0 changed, 0 unchanged, 1 refused"), "{}", ran.out);
    let open = text.replacen("Marston", "\"Marston", 1);
    let file = place.write("open/attendance-log.csv", open);
    let ran = place.run(&["--at", EVENING, "import", file.to_str().unwrap(), "--without-refused"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("quotation mark that is not closed"), "{}", ran.out);
}

#[test]
fn a_missing_column_is_named_and_so_is_the_one_that_was_probably_meant() {
    let place = Place::sqlite();
    let folder = place.records(&conference("C-1"));
    let log = csv(&conference("C-1")).replacen("attendance,by_deputy", "attendence,by_deputy", 1);
    place.write("records/attendance-log.csv", log);
    let ran = place.run(&["--at", EVENING, "import", folder.to_str().unwrap()]);
    assert!(ran.out.contains("column `attendance`") && ran.out.contains("`attendence`"), "{}", ran.out);
}

#[test]
fn a_file_of_something_else_is_refused_with_what_to_do() {
    let place = Place::sqlite();
    let file = place.write("shopping.csv", "eggs,milk\n12,2\n");
    let ran = place.run(&["import", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("The first line must be the header"), "{}", ran.out);
    let ran = place.run(&["import", "nowhere"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("nowhere"), "{}", ran.err);
}

#[test]
fn a_file_is_read_as_spreadsheets_save_it() {
    let expected = {
        let place = Place::sqlite();
        import(&place, &conference("C-1"), &[]);
        place.report("2026-09")
    };
    let text = csv(&conference("C-1"));
    let british = text
        .replace("2026-09-30", "30/09/2026")
        .replace("2026-09-07", "07/09/2026")
        .replace("2026-09-25", "25/9/2026");
    let blanks = text.replace(",video,", ", Video ,").replace(",core,", ",\u{a0}CORE,")
        + ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n\n";
    let latin: Vec<u8> = text.replace("Chair 1", "Chair Zoé").chars().map(|c| c as u32 as u8).collect();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(text.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let forms: [(&str, Vec<u8>); 5] = [
        ("a byte-order mark", format!("\u{feff}{text}").into_bytes()),
        ("day first", british.into_bytes()),
        ("stray blanks and capitals", blanks.into_bytes()),
        ("Windows-1252", latin),
        ("UTF-16 with tabs", utf16),
    ];
    for (form, bytes) in forms {
        let place = Place::sqlite();
        let folder = place.records(&[]);
        place.write("records/attendance-log.csv", bytes);
        let ran = place.run(&["--at", EVENING, "import", folder.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{form}\n{}", ran.out);
        assert_eq!(place.report("2026-09"), expected, "{form}");
    }
}

#[test]
fn cells_that_look_like_formulas_are_text_and_stay_harmless_in_an_export() {
    let place = Place::sqlite();
    let folder = place.records(&conference("C-1"));
    let agencies = crate::harness::log::AGENCIES.replace("OH,Community Health", "=OH,=cmd|'/c calc'!A0");
    place.write("records/agencies.csv", agencies);
    place.write("records/contacts.csv", "agency_code,service,contact_name,role,email,is_safeguarding_lead\n");
    place.write("records/attendance-log.csv", csv(&conference("C-1")).replace(",OH,", ",=OH,"));
    place.done_at(EVENING, &["import", folder.to_str().unwrap()]);
    let exported = place.run(&["report", "--month", "2026-09", "--format", "csv"]).out;
    assert!(exported.contains(",'=OH,"), "{exported}");
    assert!(!exported.contains(",=OH"), "{exported}");
}

both! {
    async fn a_corrected_file_amends_a_confirmed_register_and_says_what_it_changed(place: Place) {
        let mut rows = conference("C-1");
        import(&place, &rows, &[]);
        rows[2] = rows[2].clone().absent();
        let said = import(&place, &rows, &[]).out;
        assert!(said.contains("Invitations:   0 new, 1 changed, 3 unchanged, 0 refused"), "{said}");
        assert!(said.contains("C-1, Health Visiting North, Health visitor: attendance \"video\" → \"absent\" (amendment)"), "{said}");
        assert_eq!(place.report("2026-09")["silent"], 1);
    }

    async fn a_row_that_vanished_is_kept_and_named(place: Place) {
        let rows = conference("C-1");
        import(&place, &rows, &[]);
        let said = import(&place, &rows[..3], &[]).out;
        assert!(said.contains("C-1: 1 invitation(s) known here are not in the file; kept."), "{said}");
        assert_eq!(place.report("2026-09")["invitations"], 4);
    }

    async fn a_file_does_not_unmake_a_confirmed_register(place: Place) {
        let rows = conference("C-1");
        import(&place, &rows, &[]);
        let emptied: Vec<Row> = rows.iter().map(|r| r.clone().with("decision_time", "").with("attendance", "")).collect();
        let said = import(&place, &emptied, &[]).out;
        assert!(said.contains("decision_time is \"2026-09-30 14:30\" here and \"\" in the file"), "{said}");
        assert_eq!(place.report("2026-09")["attended"], 4);
    }

    async fn a_fact_amended_here_is_never_overwritten_by_a_file_but_listed(place: Place) {
        let rows = conference("C-1");
        import(&place, &rows, &[]);
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let page = qa.get("/?day=2026-09-30").await.body;
        let conference = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        let page = qa.get(&conference).await.body;
        let row = page.split("<tr>").find(|r| r.contains("Health Visiting North")).unwrap();
        let amend = regex::Regex::new("/conferences/[^\"]*/amend/[^\"]*").unwrap().find(row).unwrap().as_str().to_owned();
        let mut form = qa.get(&amend).await.form();
        let attendance = form.iter().find(|(n, _)| n.ends_with(".attendance")).unwrap().0.clone();
        set(&mut form, &attendance, "phone");
        set(&mut form, "why", "She rang in.");
        assert_eq!(crate::amending::amend(&mut qa, &amend, &form).await.status, 303);

        let same = import(&place, &rows, &[]).out;
        assert!(same.contains("Health Visiting North, Health visitor: attendance is \"phone\" here and \"video\" in the file"), "{same}");
        let mut other = rows.clone();
        other[2] = other[2].clone().absent();
        let said = import(&place, &other, &[]).out;
        assert!(said.contains("attendance is \"phone\" here and \"absent\" in the file"), "{said}");
        assert_eq!(place.report("2026-09")["attended"], 4);
    }

    async fn a_right_file_is_taken_after_one_that_made_no_sense(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        import(&place, &rows, &[]);
        let blank: Vec<Row> = rows.iter().map(|r| r.clone().with("attendance", "")).collect();
        assert!(import(&place, &blank, &[]).out.contains("attendance is \"absent\" here and \"\" in the file"));
        rows[2] = rows[2].clone().with("attendance", "video");
        let said = import(&place, &rows, &[]).out;
        assert!(said.contains("attendance \"absent\" → \"video\" (amendment)"), "{said}");
    }

    async fn a_cancelled_conference_in_a_file_takes_nothing_from_a_confirmed_register(place: Place) {
        let rows = conference("C-1");
        import(&place, &rows, &[]);
        let cancelled = |r: &Row| ["decision_time", "decisions", "attendance", "report_received_on"].iter().fold(
            r.clone().with("status", "cancelled").with("report", "none"), |r, column| r.with(column, ""));
        let said = import(&place, &rows.iter().map(cancelled).collect::<Vec<_>>(), &[]).out;
        assert!(said.contains("conference: status is \"held\" here and \"cancelled\" in the file"), "{said}");
        assert!(!said.contains("(amendment)"), "{said}");
        assert_eq!(place.report("2026-09")["attended"], 4);
    }

    async fn a_dry_run_and_a_refused_file_leave_nothing_behind(place: Place) {
        let mut rows = conference("C-1");
        assert_eq!(import(&place, &rows, &["--dry-run"]).code, 0);
        rows[1] = rows[1].clone().with("report", "soon");
        assert_eq!(import(&place, &rows, &[]).code, 1);
        assert_eq!(place.report("2026-09")["invitations"], 0);
        let listed = import(&place, &conference("C-1"), &[]).out;
        assert!(listed.contains("Agencies:      6 new"), "{listed}");
    }

    async fn a_dry_run_in_the_browser_shows_every_refused_row(place: Place) {
        place.records(&[]);
        place.done_at(EVENING, &["import", place.path("records/agencies.csv").to_str().unwrap()]);
        let site = place.site(EVENING).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().with("attendance", "<b>teleported</b>");
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"attendance-log.csv\"\r\n\r\n{}\r\n--x\r\nContent-Disposition: form-data; name=\"what\"\r\n\r\ncheck\r\n--x--\r\n",
            csv(&rows)
        );
        let request = axum::http::Request::post("/imports").header("content-type", "multipart/form-data; boundary=x");
        let seen = administrator.send(request.body(axum::body::Body::from(body)).unwrap()).await;
        assert_eq!(seen.status, 422);
        assert!(seen.body.contains("attendance-log.csv, row 4") && seen.body.contains("is not one of in_person"), "{}", seen.body);
        assert!(!seen.body.contains("<b>teleported"), "what a file holds is text");
    }
}

#[test]
fn the_header_of_the_sample_is_the_one_that_is_read() {
    let sample = std::fs::read_to_string(
        crate::harness::root().join("tests/data/oxfordshire-2026/attendance-log.csv"),
    )
    .unwrap();
    assert_eq!(sample.lines().next().unwrap().split(',').collect::<Vec<_>>(), COLUMNS);
}
