//! What is measured, scene by scene.

use std::time::{Duration, Instant};

use kaiji_schema::comparison::compare;
use kaiji_schema::jws::{Document, Jws};
use kaiji_schema::requirement::RequirementSets;
use kaiji_schema::statement::Statement;
use kaiji_tests::Institution;

use crate::connection::{Connection, get, get_with, post};
use crate::floors;
use crate::load::{self, median};
use crate::process;
use crate::table::{Table, shown};
use crate::world::{ALONE, CLIENTS, DOOMED, Draft, STORED, World};

/// How long a rate is measured.
pub const SPELL: Duration = Duration::from_secs(3);

/// How many submissions the crowd makes.
const CROWD: usize = 100 * CLIENTS;

/// How many submissions of the crowd shared a commit before the log had a tree and checkpoints.
const WITHOUT_TREE: f64 = 31.9;

/// The receipt's row and the two rows of news, beside the statement's and the comparison's own bytes.
const OTHER_BYTES: usize = 900 + 2 * 330;

/// What everything is set beside.
pub struct Floors {
    commit: Duration,
    submission: Duration,
}

/// Medians of the whole job and of its second call alone.
pub struct Job {
    whole: Duration,
    list: Duration,
}

pub fn idle(table: &mut Table, world: &World) {
    let (now, _) = process::memory(world.program.id());
    table.row(
        "resident memory, idle",
        "< 40 MiB",
        format!("{now:.0} MiB"),
        now < 40.0,
    );
}

pub fn floors(table: &mut Table, world: &World) -> Floors {
    let jws = world.sample();
    let payload = Jws::parse(&jws).unwrap().payload().to_vec();
    let compared = floors::comparison(&payload);
    let target = Duration::from_micros(10);
    table.row(
        "comparing one SDS statement, 58 items",
        "≤ 10 µs",
        shown(compared),
        compared <= target,
    );

    let statement = Statement::parse(&payload).unwrap();
    let items = |set| {
        serde_json::to_vec(&compare(&statement, None, set).items)
            .unwrap()
            .len()
    };
    let bytes =
        jws.len() + OTHER_BYTES + RequirementSets::built_in().iter().map(items).sum::<usize>();
    let commit = floors::commit(world.home.directory(), bytes);
    let submission = floors::submission();
    table.floor(
        "`c`: a durable commit of the bytes of one submission",
        format!("{} ({bytes} bytes)", shown(commit)),
    );
    table.floor("`u`: CPU time of one submission", shown(submission));
    Floors { commit, submission }
}

pub fn one_alone(table: &mut Table, world: &mut World, floors: &Floors, when: &str) {
    let drafts = world.drafts(ALONE);
    let requests = world.submissions(&drafts);
    let took = median(load::one_by_one(world.port(), 201, &requests));
    world.acknowledge(drafts);
    let most = floors.commit + 2 * floors.submission + Duration::from_millis(1);
    let target = format!("≤ c + 2u + 1 ms = {}", shown(most));
    table.row(
        &format!("one submission alone, median, {when}"),
        target,
        shown(took),
        took <= most,
    );
}

/// Submitting a statement and reading what is flagged for a system that has the product: two calls.
pub fn whole_job(table: &mut Table, world: &mut World) -> Job {
    let stored = world.acknowledged.len();
    let drafts = world.drafts(ALONE);
    let products: Vec<String> = drafts.iter().map(|draft| draft.product.clone()).collect();
    let systems = world.systems_of(&world.clinic, &products);
    let submissions = world.submissions(&drafts);
    let token = world.clinic.token();
    let mut vendor = Connection::open(world.port()).unwrap();
    let mut clinic = Connection::open(world.port()).unwrap();
    let (mut whole, mut lists) = (Vec::new(), Vec::new());
    for (submission, system) in submissions.iter().zip(&systems) {
        let path = format!("/api/v1/systems/{system}/comparison");
        let list = get_with(&token, &path, "application/json");
        let started = Instant::now();
        assert_eq!(vendor.ask(submission).unwrap().status, 201);
        let submitted = started.elapsed();
        let compared = clinic.ask(&list).unwrap();
        whole.push(started.elapsed());
        lists.push(started.elapsed().saturating_sub(submitted));
        let flagged = &compared.json()["comparisons"][0]["summary"]["review_required"];
        assert_eq!(
            *flagged, true,
            "what was just submitted is there and flagged"
        );
    }
    world.acknowledge(drafts);
    let job = Job {
        whole: median(whole),
        list: median(lists),
    };
    let within = |most| Duration::from_millis(most);
    let what = format!("submit and read the flagged items, two calls, median, {stored} stored");
    table.row(&what, "≤ 10 ms", shown(job.whole), job.whole <= within(10));
    let what = format!("the list alone, median, {stored} stored");
    table.row(&what, "≤ 3 ms", shown(job.list), job.list <= within(3));
    job
}

pub fn stays_flat(table: &mut Table, first: &Job, last: &Job) {
    let ratio = |last: Duration, first: Duration| last.as_secs_f64() / first.as_secs_f64();
    let (whole, list) = (ratio(last.whole, first.whole), ratio(last.list, first.list));
    let measured = format!("× {whole:.2}, × {list:.2}");
    table.row(
        "both at the end beside the beginning",
        "flat (× 1.5 at most)",
        measured,
        whole.max(list) <= 1.5,
    );
}

pub fn many_at_once(table: &mut Table, world: &mut World, floors: &Floors) {
    let drafts = world.drafts(CROWD);
    let requests = world.submissions(&drafts);
    let counted = || {
        let counter = |name| load::counter(world.metrics_port, name);
        (
            counter("kaiji_writer_changes_total"),
            counter("kaiji_writer_commits_total"),
        )
    };
    let (changes, commits) = counted();
    let (started, cpu) = (Instant::now(), process::cpu_time(world.program.id()));
    load::at_once(world.port(), CLIENTS, 201, &requests);
    let took = started.elapsed();
    let cpu =
        process::cpu_time(world.program.id()).saturating_sub(cpu) / u32::try_from(CROWD).unwrap();
    let (changes, commits) = (counted().0 - changes, counted().1 - commits);
    world.acknowledge(drafts);

    let most = 2 * floors.submission;
    let ratio = cpu.as_secs_f64() / floors.submission.as_secs_f64();
    let measured = format!("{} = {ratio:.2} u", shown(cpu));
    table.row(
        &format!("{CLIENTS} clients at once: server CPU time a submission"),
        format!("≤ 2u = {}", shown(most)),
        measured,
        cpu <= most,
    );
    let together = changes as f64 / commits as f64;
    table.row(
        &format!("{CLIENTS} clients at once: submissions a commit"),
        format!("{WITHOUT_TREE}, as without tree and checkpoint (3/4 of that at least)"),
        format!("{together:.1}"),
        together >= 0.75 * WITHOUT_TREE,
    );
    let rate = CROWD as f64 / took.as_secs_f64();
    table.report(
        &format!("{CLIENTS} clients at once: submissions a second"),
        format!("{rate:.0}"),
    );
}

/// Submits until so many are stored as the second half is measured with.
pub fn fill(world: &mut World) {
    let drafts = world.drafts(STORED - world.acknowledged.len());
    load::at_once(world.port(), CLIENTS, 201, &world.submissions(&drafts));
    world.acknowledge(drafts);
}

pub fn reading(table: &mut Table, world: &World) {
    let token = world.group.token();
    let comparison = |system: &String| {
        let path = format!("/api/v1/systems/{system}/comparison?form=SDS");
        get_with(&token, &path, "application/json")
    };
    let comparisons: Vec<Vec<u8>> = world.systems.iter().map(comparison).collect();
    let health = load::rate(world.port(), &[get("/healthz")], SPELL);
    let reading = load::rate(world.port(), &comparisons, SPELL);
    table.floor("`/healthz`", format!("{health:.0}/s"));
    let ratio = reading / health;
    let measured = format!("{reading:.0}/s = {ratio:.2} of it");
    table.row(
        "reading a stored comparison",
        "≥ 1/3 of /healthz",
        measured,
        ratio >= 1.0 / 3.0,
    );
}

pub fn exports(table: &mut Table, world: &World) {
    let shared = export(world, &world.chain);
    let what = format!("CSV export of {STORED} systems that share products, 58 items each");
    let floor = format!("{:.0} MiB/s", shared.rate(shared.floor));
    table.floor("the `csv` crate writing the same rows to a buffer", floor);
    let ratio = shared.ratio();
    table.row(
        &what,
        "≥ 1/2 of the csv crate",
        shared.measured(),
        ratio >= 0.5,
    );
    let growth = shared.growth;
    let measured = format!("+ {growth:.0} MiB from its first half to its second");
    let most = "constant (+ 8 MiB at most)";
    table.row(
        "resident memory during that export",
        most,
        measured,
        growth < 8.0,
    );
    let own = export(world, &world.group);
    table.report(
        "the same where every system has a statement of its own",
        own.measured(),
    );
}

/// An export that was read to its end.
struct Export {
    mebibytes: f64,
    took: Duration,
    /// What the `csv` crate takes for the same rows.
    floor: Duration,
    /// How much more memory, in MiB, the server had at its highest in the second half than in the first.
    growth: f64,
}

impl Export {
    fn rate(&self, time: Duration) -> f64 {
        self.mebibytes / time.as_secs_f64()
    }

    fn ratio(&self) -> f64 {
        self.floor.as_secs_f64() / self.took.as_secs_f64()
    }

    fn measured(&self) -> String {
        let (size, rate) = (self.mebibytes, self.rate(self.took));
        format!(
            "{size:.0} MiB at {rate:.0} MiB/s = {:.2} of it",
            self.ratio()
        )
    }
}

fn export(world: &World, institution: &Institution) -> Export {
    let path = "/api/v1/exports/comparison.csv";
    let request = get_with(&institution.token(), path, "text/csv");
    let mut connection = Connection::open(world.port()).unwrap();
    let (mut file, mut memory, mut parts) = (Vec::new(), Vec::new(), 0_u32);
    let started = Instant::now();
    let status = connection.ask_for(&request, |part| {
        file.extend_from_slice(part);
        parts += 1;
        if parts % 8 == 0 {
            memory.push(process::memory(world.program.id()).0);
        }
    });
    let took = started.elapsed();
    assert_eq!(status.unwrap(), 200);
    let highest = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let (first, second) = memory.split_at(memory.len() / 2);
    Export {
        mebibytes: file.len() as f64 / f64::from(1 << 20),
        took,
        floor: floors::csv(&file),
        growth: highest(second) - highest(first),
    }
}

pub fn memory_at_the_end(table: &mut Table, world: &World) {
    let (now, highest) = process::memory(world.program.id());
    let measured = format!("{now:.0} MiB, at its highest {highest:.0} MiB");
    table.row(
        "resident memory at the end of the load",
        "< 200 MiB",
        measured,
        now < 200.0,
    );
}

/// Kills the service while everybody submits, starts it again and reads back whatever was acknowledged.
pub fn pulled_plug(table: &mut Table, mut world: World) {
    let mut doomed: Vec<Option<Draft>> = world.drafts(DOOMED).into_iter().map(Some).collect();
    let requests: Vec<Vec<u8>> = {
        let token = world.vendor.token();
        let submit =
            |draft: &Draft| post(&token, "/api/v1/statements", "application/jose", &draft.jws);
        doomed.iter().flatten().map(submit).collect()
    };
    let (port, metrics) = (world.port(), world.metrics_port);
    let changes = move || load::counter(metrics, "kaiji_writer_changes_total");
    let enough = changes() + DOOMED as u64 / 2;
    let program = world.program;
    let answered = std::thread::scope(|scope| {
        scope.spawn(move || {
            while changes() < enough {
                std::thread::yield_now();
            }
            program.kill();
        });
        load::while_it_lives(port, CLIENTS, &requests)
    });
    let survivors = answered.iter().filter(|(_, answer)| answer.status == 201);
    let survivors: Vec<Draft> = survivors
        .filter_map(|(number, _)| doomed[*number].take())
        .collect();

    let started = Instant::now();
    world.program = world.home.serve();
    let mut connection = Connection::open(port).unwrap();
    assert_eq!(connection.ask(&get("/readyz")).unwrap().status, 200);
    let ready = started.elapsed();
    table.row(
        "start on the existing database to /readyz, after kill -9",
        "≤ 1 s",
        shown(ready),
        ready.as_secs() < 1,
    );

    world.acknowledge(survivors);
    let token = world.vendor.token();
    let missing = world.acknowledged.iter().filter(|(sha256, jws)| {
        let read = get_with(
            &token,
            &format!("/api/v1/statements/{sha256}"),
            "application/jose",
        );
        let answer = connection.ask(&read).unwrap();
        answer.status != 200 || answer.body != jws.as_bytes()
    });
    let (missing, all) = (missing.count(), world.acknowledged.len());
    let measured = format!("{missing} of {all} missing");
    table.row(
        "acknowledged statements that are there after kill -9",
        "all, byte for byte",
        measured,
        missing == 0,
    );
}
