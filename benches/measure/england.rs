//! All of England in one database: the sample's year a hundred times over, for each of ten years, and its months beside the
//! SQL that reads that month's rows. The copies share the sample's agencies; nothing of them was written to anybody. It takes
//! a quarter of an hour and twelve gigabytes, so it runs only when it is asked for by name.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tokio::runtime::Runtime;

use crate::client::{Client, Serving};
use crate::harness::root;
use crate::import::read;
use crate::{Table, median, ms, places, ratio, seconds, timed};

const PASSWORD: &str = "a long enough password";
/// The sample has 8,312 invitations a year, England some 0.9 million.
const COPIES: u32 = 108;
const YEARS: u32 = 10;
/// Days of a year that leave the weekdays as they are.
const YEAR: u32 = 364;
/// The tables that a month is counted from, those first that others refer to.
const TABLES: [&str; 5] = ["conference", "conference_child", "invitation", "invitation_child", "register"];

pub fn measure(runtime: &Runtime) -> Table {
    let mut table = Table::new(["What", "Quorate", "Bare", "Ratio"]);
    let sample = root().join("tests/data/oxfordshire-2026");
    for (name, place) in places() {
        let imported = place.run(&["--at", "2026-12-31T17:00:00Z", "import", sample.to_str().unwrap()]);
        assert_eq!(imported.code, 0, "{}", imported.err);
        place.account("qa_manager", PASSWORD);
        let db = runtime.block_on(Database::connect(&place.url)).unwrap();
        // Which rows are the sample's own.
        runtime.block_on(db.execute_unprepared("create table seed as select id from conference")).unwrap();
        let columns: Vec<_> = TABLES.iter().map(|of| runtime.block_on(columns(&db, of))).collect();
        for year in 0..YEARS {
            let (took, ()) = timed(|| runtime.block_on(copy(&db, &columns, year)));
            eprintln!("  {name}: year {} of {YEARS} copied in {}", year + 1, seconds(took));
            if year != 0 {
                runtime.block_on(freeze(&db, 2026 - year));
                if year + 1 != YEARS {
                    continue;
                }
            }
            runtime.block_on(analyse(&db));
            let years = if year == 0 { "one year".to_owned() } else { format!("{YEARS} years") };
            if year == 0 {
                let (took, ran) =
                    timed(|| place.run(&["--at", "2026-11-30T09:00:00Z", "run-task", "report"]));
                assert_eq!(ran.code, 0, "{}", ran.err);
                table.row([
                    format!("{name}: ten months closed"),
                    seconds(took),
                    String::new(),
                    String::new(),
                ]);
            }
            // Its open month stays open whenever this runs: the seventh field is the year.
            let never = [("QUORATE__SCHEDULE__REPORT", "0 0 9 1 1 * 2099")];
            let serving = Serving::start(&place, never);
            let cookie = Client::sign_in(&serving.address, "qa_manager@quorate.example", PASSWORD);
            let mut client = Client::new(&serving.address, &cookie);
            for (what, month, times) in [("closed", "2026-09", 15), ("open", "2026-11", 5)] {
                let mut rows = 0;
                let bare = (0..3).map(|_| {
                    let (took, n) = timed(|| runtime.block_on(read(&db, month)));
                    rows = n;
                    took
                });
                let bare = median(bare.collect());
                let path = format!("/reports/{month}");
                let page = median((0..times).map(|_| timed(|| client.get(&path)).0).collect());
                let what = format!("{name}, {years}: a month that is {what} ({rows} rows), its page");
                table.row([what, ms(page), ms(bare), ratio(page.as_secs_f64(), bare.as_secs_f64())]);
            }
            let resident = format!("{:.0} MiB", serving.resident());
            table.row([
                format!("{name}, {years}: resident after it"),
                resident,
                String::new(),
                String::new(),
            ]);
        }
    }
    table
}

/// The columns of a table, by their names.
async fn columns(db: &DatabaseConnection, table: &str) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => format!(
            "select column_name::text as name from information_schema.columns where table_name = '{table}' order by ordinal_position"
        ),
        _ => format!("select name from pragma_table_info('{table}')"),
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

/// A column of a copy: ids and keys end with the copy's number, days lie so many years back.
fn copied(backend: DbBackend, table: &str, column: &str) -> String {
    let is_postgres = backend == DbBackend::Postgres;
    match (table, column) {
        (_, "chair_id" | "service_id" | "moved_to_id" | "calendar_id") => column.to_owned(),
        (_, "id" | "conference_id" | "invitation_id" | "child_id") if is_postgres => {
            format!("(substr(replace({column}::text, '-', ''), 1, 24) || lpad(to_hex(n), 8, '0'))::uuid")
        }
        (_, "id" | "conference_id" | "invitation_id" | "child_id") => {
            format!("cast(substr({column}, 1, 12) || unhex(printf('%08x', n)) as blob)")
        }
        (_, "child_key") if is_postgres => format!("{column} || int4send(n)"),
        (_, "child_key") => format!("cast({column} || unhex(printf('%08x', n)) as blob)"),
        ("conference", "reference") if is_postgres => {
            "lpad((row_number() over () + 200000 * (back / 364 + 1))::text, 9, '0')".to_owned()
        }
        ("conference", "reference") => {
            "printf('%09d', row_number() over () + 200000 * (back / 364 + 1))".to_owned()
        }
        ("conference", "conference_ref") => "conference_ref || '-' || n".to_owned(),
        (
            _,
            "conference_date"
            | "strategy_discussion_on"
            | "invited_on"
            | "responded_on"
            | "report_received_on",
        ) => {
            if is_postgres {
                format!("{column} - back")
            } else {
                format!("date({column}, -back || ' days')")
            }
        }
        (_, "starts_at" | "decision_at" | "joined_at" | "left_at" | "recorded_at" | "confirmed_at") => {
            if is_postgres {
                format!("{column} - back * interval '1 day'")
            } else {
                format!("date(substr({column}, 1, 10), -back || ' days') || substr({column}, 11)")
            }
        }
        _ => column.to_owned(),
    }
}

/// Copies the sample into a year, so many years back.
async fn copy(db: &DatabaseConnection, columns: &[Vec<String>], year: u32) {
    let backend = db.get_database_backend();
    let (first, last, back) = (year * COPIES + 1, (year + 1) * COPIES, year * YEAR);
    for (table, columns) in TABLES.iter().zip(columns) {
        let of_seed = match *table {
            "conference" => "select t.* from conference t join seed s on s.id = t.id",
            "invitation_child" => {
                "select t.* from invitation_child t join invitation i on i.id = t.invitation_id join seed s on s.id = i.conference_id"
            }
            _ => "select t.* from {table} t join seed s on s.id = t.conference_id",
        };
        let seeds = of_seed.replace("{table}", table);
        let all: Vec<String> = columns.iter().map(|column| copied(backend, table, column)).collect();
        let numbers = match backend {
            DbBackend::Postgres => {
                format!("select n::int as n, {back} as back from generate_series({first}, {last}) n")
            }
            _ => format!(
                "with recursive number(n) as (select {first} union all select n + 1 from number where n < {last}) select n, {back} as back from number"
            ),
        };
        let sql = format!(
            "insert into {table} ({}) select {} from ({seeds}) seeds cross join ({numbers}) numbers",
            columns.join(", "),
            all.join(", ")
        );
        db.execute_unprepared(&sql).await.unwrap();
    }
}

/// The months of a copy are closed as the sample's were: else the service would close them while it is measured.
async fn freeze(db: &DatabaseConnection, year: u32) {
    let columns = columns(db, "month_close").await;
    for month in 1..=12 {
        let frozen: Vec<String> = columns
            .iter()
            .map(|column| if column == "month" { format!("'{year}-{month:02}'") } else { column.clone() })
            .collect();
        let sql = format!(
            "insert into month_close ({}) select {} from month_close where month = '2026-{:02}'",
            columns.join(", "),
            frozen.join(", "),
            month.min(10)
        );
        db.execute_unprepared(&sql).await.unwrap();
    }
}

async fn analyse(db: &DatabaseConnection) {
    db.execute_unprepared("analyze").await.unwrap();
}
