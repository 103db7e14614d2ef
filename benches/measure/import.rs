//! A year taken in, beside the same rows put into one bare table; a month's report, beside the plain SQL
//! that reads that month's rows.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement, TransactionTrait, Value};
use tokio::runtime::Runtime;

use crate::client::{Client, Serving};
use crate::harness::log::COLUMNS;
use crate::harness::root;
use crate::{Table, median, ms, places, ratio, seconds, timed};

const PASSWORD: &str = "a long enough password";

pub fn measure(runtime: &Runtime) -> Table {
    let mut table = Table::new(["What", "Quorate", "Bare", "Ratio"]);
    let sample = root().join("tests/data/oxfordshire-2026");
    for (name, place) in places() {
        let args = ["--at", "2026-12-31T17:00:00Z", "import", sample.to_str().unwrap()];
        let (whole, ran) = timed(|| place.run(&args));
        assert_eq!(ran.code, 0, "{}", ran.err);
        let (bare, rows) = timed(|| runtime.block_on(bulk(&place.url)));
        table.row([
            format!("{name}: {rows} rows taken in, whole process"),
            seconds(whole),
            seconds(bare),
            ratio(whole.as_secs_f64(), bare.as_secs_f64()),
        ]);
        let (again, ran) = timed(|| place.run(&args));
        assert_eq!(ran.code, 0);
        table.row([
            format!("{name}: the same again, nothing changed"),
            seconds(again),
            String::new(),
            String::new(),
        ]);

        place.account("qa_manager", PASSWORD);
        let serving = Serving::start(&place, []);
        let cookie = Client::sign_in(&serving.address, "qa_manager@quorate.example", PASSWORD);
        let mut client = Client::new(&serving.address, &cookie);
        let month = (0..30).map(|_| timed(|| client.get("/reports/2026-09")).0).collect();
        let db = runtime.block_on(Database::connect(&place.url)).unwrap();
        let month = median(month);
        let reading = |whole: bool| {
            let read = || runtime.block_on(async { read(&db, "2026-09").await + around(&db, whole).await });
            read();
            median((0..30).map(|_| timed(read).0).collect())
        };
        let (plain, whole) = (reading(false), reading(true));
        let row = |what: &str, took: Duration, plain: Duration| {
            [format!("{name}: {what}"), ms(took), ms(plain), ratio(took.as_secs_f64(), plain.as_secs_f64())]
        };
        let beside = |what: &str, took: Duration| {
            row(&format!("{what}, beside the SQL that reads that month alone"), took, plain)
        };
        table.row(beside("a month that is open, its page", month));
        let all = "a month that is open, its page, beside the SQL that reads all that its figures come from";
        table.row(row(all, month, whole));
        // Closed, it is read as it was frozen.
        assert_eq!(place.run(&["--at", "2027-01-11T09:00:00Z", "run-task", "report"]).code, 0);
        for (what, path) in [
            ("a month that is closed, its page", "/reports/2026-09"),
            ("a month that is closed, its figures", "/reports/2026-09/figures.json"),
        ] {
            let took = median((0..30).map(|_| timed(|| client.get(path)).0).collect());
            table.row(beside(what, took));
        }
        let whole = (0..5).map(|_| timed(|| place.run(&["report", "--month", "2026-09"])).0).collect();
        table.row([
            format!("{name}: the month's report, whole process"),
            ms(median(whole)),
            String::new(),
            String::new(),
        ]);
    }
    table
}

/// The log's rows into one table of text, in one transaction, a hundred a statement.
async fn bulk(url: &str) -> usize {
    let db = Database::connect(url).await.unwrap();
    let columns: Vec<String> = COLUMNS.iter().map(|c| format!("{c} text")).collect();
    db.execute_unprepared(&format!("create table bare ({})", columns.join(", "))).await.unwrap();
    let file = root().join("tests/data/oxfordshire-2026/attendance-log.csv");
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_path(file).unwrap().records().map(Result::unwrap).collect();
    let tx = db.begin().await.unwrap();
    for batch in rows.chunks(100) {
        let mut n = 0;
        let tuples: Vec<String> = batch
            .iter()
            .map(|row| {
                let marks: Vec<String> = row
                    .iter()
                    .map(|_| {
                        n += 1;
                        format!("${n}")
                    })
                    .collect();
                format!("({})", marks.join(","))
            })
            .collect();
        let values: Vec<Value> = batch.iter().flat_map(|row| row.iter().map(Value::from)).collect();
        let sql = format!("insert into bare values {}", tuples.join(","));
        tx.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await.unwrap();
    }
    tx.commit().await.unwrap();
    rows.len()
}

/// What the figures of September come from beside that month, by plain SQL, if it is asked for: the month before with its
/// letters and replies (M15 to M17), the conferences just before (M8, M17), the ladder's steps.
async fn around(db: &DatabaseConnection, is_asked_for: bool) -> usize {
    if !is_asked_for {
        return 0;
    }
    let of = "conference_id in (select id from conference where conference_date between '2026-08-01' and '2026-08-31')";
    let about =
        format!("(select id from feedback where invitation_id in (select id from invitation where {of}))");
    let mut rows = read(db, "2026-08").await;
    for sql in [
        format!("select * from feedback where id in {about}"),
        format!("select about_id, sent_at from outbox where about_id in {about}"),
        format!("select * from reply where invitation_id in (select id from invitation where {of})"),
        "select * from ladder_step where state in ('proposed', 'approved', 'to_telephone') or proposed_at >= '2026-09-01'"
            .to_owned(),
    ] {
        rows += db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().len();
    }
    rows
}

/// The rows of one month, by plain SQL.
pub async fn read(db: &DatabaseConnection, month: &str) -> usize {
    let month = format!("conference_date between '{month}-01' and '{month}-30'");
    let of = format!("conference_id in (select id from conference where {month})");
    let mut rows = 0;
    for sql in [
        format!("select * from conference where {month}"),
        format!("select * from conference_child where {of}"),
        format!("select * from invitation where {of}"),
        format!("select * from register where {of}"),
        "select * from service".to_owned(),
        "select * from agency".to_owned(),
        format!(
            "select c.child_key, o.conference_date from conference_child c join conference o on o.id = c.conference_id \
                 where o.status = 'held' and c.child_key in (select child_key from conference_child where {of})"
        ),
    ] {
        rows += db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().len();
    }
    rows
}
