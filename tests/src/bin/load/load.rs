//! Asking the service: one request after another, or many clients at once, always a bounded number.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub use crate::connection::Answer;
use crate::connection::{Connection, get};

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Asks one after another over one connection; each must be answered with `status`.
pub fn one_by_one(port: u16, status: u16, requests: &[Vec<u8>]) -> Vec<Duration> {
    let mut connection = Connection::open(port).unwrap();
    let ask = |request: &Vec<u8>| {
        let started = Instant::now();
        let answer = connection.ask(request).unwrap();
        assert_eq!(
            answer.status,
            status,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        started.elapsed()
    };
    requests.iter().map(ask).collect()
}

/// Asks over so many connections at once, each taking the next request; each must be answered with `status`.
pub fn at_once(port: u16, clients: usize, status: u16, requests: &[Vec<u8>]) -> Vec<Answer> {
    let answered = while_it_lives(port, clients, requests);
    assert_eq!(answered.len(), requests.len(), "every request is answered");
    let checked = answered.into_iter().map(|(_, answer)| {
        assert_eq!(
            answer.status,
            status,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        answer
    });
    checked.collect()
}

/// The same, but a client whose connection breaks stops asking. Answers come in the order of the requests, each with
/// its number.
pub fn while_it_lives(port: u16, clients: usize, requests: &[Vec<u8>]) -> Vec<(usize, Answer)> {
    let next = AtomicUsize::new(0);
    let answered = Mutex::new(Vec::with_capacity(requests.len()));
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let Ok(mut connection) = Connection::open(port) else {
                    return;
                };
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(number) else {
                        return;
                    };
                    let Ok(answer) = connection.ask(request) else {
                        return;
                    };
                    answered.lock().unwrap().push((number, answer));
                }
            });
        }
    });
    let mut answered = answered.into_inner().unwrap();
    answered.sort_unstable_by_key(|(number, _)| *number);
    answered
}

/// How many requests a second are answered with 200 over a few connections, within a limit of time.
pub fn rate(port: u16, requests: &[Vec<u8>], within: Duration) -> f64 {
    const CLIENTS: usize = 4;
    let answered = AtomicUsize::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let answered = &answered;
            scope.spawn(move || {
                let mut connection = Connection::open(port).unwrap();
                for request in requests
                    .iter()
                    .cycle()
                    .skip(client * requests.len() / CLIENTS)
                {
                    if started.elapsed() >= within {
                        return;
                    }
                    assert_eq!(connection.ask(request).unwrap().status, 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    answered.into_inner() as f64 / started.elapsed().as_secs_f64()
}

/// A counter of the service's metrics.
pub fn counter(metrics_port: u16, name: &str) -> u64 {
    let mut connection = Connection::open(metrics_port).unwrap();
    let answer = connection.ask(&get("/metrics")).unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value
        .unwrap_or_else(|| panic!("no {name} in the metrics"))
        .parse()
        .unwrap()
}
