//! What was answered, on the disk at once, so that nothing is asked twice: a line for each answer.
//!
//! A line is the sum of its JSON in eight digits, a blank, and the JSON. The first one pins the plan.
//! A line whose sum is wrong was torn when the power went, and is as if it were not there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Trouble;
use super::entry::Entry;
use super::harvest::Harvest;
use super::plan::Pin;

/// Revenue is nobody else's business.
const ONLY_OURS: u32 = 0o600;

/// A first line is shorter.
const LONGEST_PIN: u64 = 1024 * 1024;

/// A journal that nobody else writes.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    pin: Option<Pin>,
}

impl Journal {
    /// Opens the journal at `path`, or begins one.
    ///
    /// # Errors
    /// A sentence when it cannot be written, another process writes it, or it is something else.
    pub fn open(path: &Path) -> Result<Self, Trouble> {
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true).mode(ONLY_OURS);
        let file = options.open(path).map_err(|error| cannot(path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Trouble::Failed(format!(
                    "another backfill writes {}; let it end, or choose another --output",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(path, &error)),
        }
        let mut journal = Self { file, path: path.to_owned(), pin: None };
        let mut lines = Vec::new();
        let mut end = journal.lines(|text| {
            if lines.is_empty() {
                lines.push(serde_json::from_str(text).ok());
            }
        })?;
        journal.pin = lines.pop().flatten();
        if journal.pin.is_none() {
            journal.is_torn_at_once()?;
            end = 0;
        }
        // What was torn goes, so that the next line begins on a line of its own.
        journal.file.set_len(end).map_err(|error| cannot(path, &error))?;
        Ok(journal)
    }

    /// Whether there is nothing yet, or the beginning of a first line.
    fn is_torn_at_once(&self) -> Result<(), Trouble> {
        let mut text = Vec::new();
        let mut file = &self.file;
        let read = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.take(LONGEST_PIN).read_to_end(&mut text));
        read.map_err(|error| cannot(&self.path, &error))?;
        let mut begins = text.iter().zip(0..);
        let ours = begins.all(|(byte, place): (&u8, usize)| match place {
            0..8 => byte.is_ascii_hexdigit(),
            8 => *byte == b' ',
            9 => *byte == b'{',
            _ => *byte != b'\n',
        });
        if ours && (text.len() as u64) < LONGEST_PIN {
            return Ok(());
        }
        Err(Trouble::Failed(format!(
            "{} is no journal of a backfill; delete it, or choose another --output",
            self.path.display()
        )))
    }

    /// The plan it was begun for; `None` of a new one.
    pub fn pin(&self) -> Option<&Pin> {
        self.pin.as_ref()
    }

    /// Goes on for `pin`, with the figures that are in it.
    ///
    /// # Errors
    /// A sentence when it was begun for something else, or cannot be read or written.
    pub fn resume(&mut self, pin: &Pin) -> Result<Harvest, Trouble> {
        let mut harvest = Harvest::default();
        match &self.pin {
            None => {
                self.write(pin)?;
                self.pin = Some(pin.clone());
            }
            Some(known) if known == pin => {
                let mut first = true;
                self.lines(|text| {
                    if !std::mem::take(&mut first)
                        && let Ok(entry) = serde_json::from_str(text)
                    {
                        harvest.add(&entry);
                    }
                })?;
            }
            Some(_) => {
                return Err(Trouble::Failed(format!(
                    "{} was begun with other dates, labels, accounts, views or limits; give the \
                     same ones again to go on, or delete it to begin anew",
                    self.path.display()
                )));
            }
        }
        Ok(harvest)
    }

    /// Adds an answer.
    ///
    /// # Errors
    /// A sentence when the disk refuses it.
    pub fn note(&mut self, entry: &Entry) -> Result<(), Trouble> {
        self.write(entry)
    }

    /// All is done: it is not needed any more.
    ///
    /// # Errors
    /// A sentence when it cannot be deleted.
    pub fn remove(self) -> Result<(), Trouble> {
        std::fs::remove_file(&self.path).map_err(|error| cannot(&self.path, &error))
    }

    fn write(&mut self, what: &impl Serialize) -> Result<(), Trouble> {
        let json = serde_json::to_string(what).map_err(|error| {
            Trouble::Failed(format!("a line of the journal cannot be made: {error}"))
        })?;
        let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| cannot(&self.path, &error))
    }

    /// Reads every whole line; returns where they end.
    fn lines(&self, mut read: impl FnMut(&str)) -> Result<u64, Trouble> {
        let failed = |error| cannot(&self.path, &error);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let (mut reader, mut line, mut end) = (BufReader::new(file), Vec::new(), 0_u64);
        while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 && line.ends_with(b"\n") {
            end += line.len() as u64;
            if let Some(text) = whole(&line) {
                read(text);
            }
            line.clear();
        }
        Ok(end)
    }
}

/// The JSON of a line whose sum is right.
fn whole(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (sum, json) = line.split_once(' ')?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    (sum == crc32fast::hash(json.as_bytes())).then_some(json)
}

fn cannot(path: &Path, error: &std::io::Error) -> Trouble {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => "; make its directory first",
        _ => "",
    };
    Trouble::Failed(format!("cannot keep the progress in {}: {error}{hint}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backfill::order::{Order, Typed};
    use crate::backfill::plan::Plan;
    use crate::config::from_environment;

    fn pin(step: &str) -> Pin {
        let variable = |name: &str| (name == "TAPRAIN_API_KEY").then(|| "hunter2".to_owned());
        let settings = from_environment(&variable).unwrap().settings;
        let typed =
            Typed { from: "2026-01-01".to_owned(), step: step.to_owned(), ..Typed::default() };
        let begun = "2026-03-18T12:00:00Z".parse().unwrap();
        Plan::new(&settings, &Order::read(&typed).unwrap(), begun).unwrap().pin
    }

    fn entry(day: i8) -> Entry {
        let start = jiff::civil::date(2026, 3, day);
        Entry { start, end: start.tomorrow().unwrap(), ..Entry::default() }
    }

    fn known(path: &Path) -> usize {
        let mut journal = Journal::open(path).unwrap();
        journal.resume(&pin("5m")).unwrap().done(0).len()
    }

    #[test]
    fn wherever_it_was_torn_the_lines_before_are_kept_and_others_can_follow() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("progress");
        let mut journal = Journal::open(&path).unwrap();
        journal.resume(&pin("5m")).unwrap();
        let first = std::fs::metadata(&path).unwrap().len();
        (1..=3).for_each(|day| journal.note(&entry(day)).unwrap());
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&whole).contains("hunter2"));
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let lines = String::from_utf8_lossy(&whole[..cut]).matches('\n').count();
            assert_eq!(known(&path), lines.saturating_sub(1), "cut at {cut} of {first}");
            let mut journal = Journal::open(&path).unwrap();
            journal.resume(&pin("5m")).unwrap();
            journal.note(&entry(9)).unwrap();
            drop(journal);
            assert_eq!(known(&path), lines.saturating_sub(1) + 1);
        }
    }

    #[test]
    fn a_line_that_was_bent_is_as_if_it_were_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("progress");
        let mut journal = Journal::open(&path).unwrap();
        journal.resume(&pin("5m")).unwrap();
        (1..=3).for_each(|day| journal.note(&entry(day)).unwrap());
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("2026-03-02", "2026-03-12")).unwrap();
        assert_eq!(known(&path), 1, "day 2 begins with that date and day 1 ends with it");
    }

    #[test]
    fn what_is_no_journal_or_another_ones_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("progress");
        for strange in ["# HELP x\nx 1\n# EOF\n", "no line", "\n", "00000000 {}\n"] {
            std::fs::write(&path, strange).unwrap();
            let sentence = Journal::open(&path).unwrap_err().to_string();
            assert!(sentence.contains("is no journal"), "{strange}: {sentence}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), strange);
        }
        std::fs::remove_file(&path).unwrap();
        let mut journal = Journal::open(&path).unwrap();
        journal.resume(&pin("5m")).unwrap();
        let sentence = Journal::open(&path).unwrap_err().to_string();
        assert!(sentence.contains("another backfill"), "{sentence}");
        drop(journal);
        let mut journal = Journal::open(&path).unwrap();
        let sentence = journal.resume(&pin("10m")).unwrap_err().to_string();
        assert!(sentence.contains("delete it to begin anew"), "{sentence}");
    }
}
