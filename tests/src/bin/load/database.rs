//! The service's SQLite file, for what would take too long over HTTP and for what nobody is shown.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use kaiji_tests::Home;

/// Runs statements.
pub fn execute(home: &Home, sql: &str) {
    open(home).batch_execute(sql).unwrap();
}

/// How many rows a query is about.
pub fn count(home: &Home, from: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let query = diesel::sql_query(format!("SELECT COUNT(*) AS number FROM {from}"));
    let counted: Count = query.get_result(&mut open(home)).unwrap();
    counted.number
}

fn open(home: &Home) -> SqliteConnection {
    let file = home.directory().join("var/kaiji.sqlite");
    let mut database = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    database
        .batch_execute("PRAGMA busy_timeout = 5000;")
        .unwrap();
    database
}
