//! The three reports: where they go, and what they say.
//!
//! They are fetched into the stack's own folder, read there for the verdict, and put into their place last: a place that cannot be written
//! is found before anything is paid, and a disk that fills up later hides no result.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use reqwest::Response;
use serde::Deserialize;
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::domain::money::{Cents, MoneyOverflow};
use tempfile::NamedTempFile;

use super::api::Api;
use super::outcome::Reports;
use super::verdict::{Reported, Sum};
use crate::error::LocalError;
use crate::folder::Folder;

/// Where the folders of batches go where nothing is said about it.
const USUAL: &str = "clearway-reports";

/// The folder that holds one folder for each batch.
#[derive(Clone, Debug)]
pub(super) struct Place(PathBuf);

impl Place {
    /// The place that is named, else one in the data that is kept, else one beside the caller. Fails where nothing can be written there.
    pub(super) fn checked(named: Option<&Path>, folder: &Folder) -> Result<Self, LocalError> {
        let in_data = || folder.kept().map(|data| data.join("reports"));
        let path = named.map(Path::to_owned).or_else(in_data).unwrap_or_else(|| PathBuf::from(USUAL));
        let written = std::fs::create_dir_all(&path).and_then(|()| NamedTempFile::new_in(&path));
        written.map_err(|cause| LocalError::report_folder(path.clone(), cause))?;
        Ok(Self(path))
    }

    /// Where the reports of a batch will be.
    pub(super) fn of(&self, batch_id: BatchId) -> Reports {
        let file = |name: &str| self.0.join(batch_id.to_string()).join(name).display().to_string();
        Reports { payments: file("payments.csv"), sources: file("sources.csv"), branches: file("branches.csv") }
    }
}

/// The reports as they were fetched.
#[derive(Debug)]
pub(super) struct Fetched {
    payments: NamedTempFile,
    sources: NamedTempFile,
    branches: NamedTempFile,
}

#[derive(Deserialize)]
struct PaymentLine {
    row: u32,
    amount: Cents,
    status: String,
    kind: String,
}

#[derive(Deserialize)]
struct TallyLine {
    payments: u64,
    total: Cents,
}

impl Fetched {
    pub(super) async fn fetch(api: &Api, batch_id: BatchId, folder: &Path) -> Result<Self, LocalError> {
        let kept = async |name| keep(api.report(batch_id, name).await?, folder).await;
        Ok(Self {
            payments: kept("payments").await?,
            sources: kept("sources").await?,
            branches: kept("branches").await?,
        })
    }

    /// What they say, line by line.
    pub(super) fn read(&self) -> Result<Reported, LocalError> {
        let (mut reported, mut rows) = (Reported::default(), BTreeSet::new());
        for line in csv::Reader::from_path(self.payments.path())?.deserialize() {
            let line: PaymentLine = line?;
            if line.kind == "payment" {
                rows.insert(line.row);
                let of_state = of_state(&mut reported, &line.status);
                add(of_state, 1, line.amount)?;
                add(&mut reported.rows, 1, line.amount)?;
            }
        }
        reported.different_rows = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        reported.by_source = tallied(self.sources.path())?;
        reported.by_branch = tallied(self.branches.path())?;
        Ok(reported)
    }

    /// Puts them where they belong.
    pub(super) fn put(self, place: &Reports) -> Result<(), LocalError> {
        let files =
            [(self.payments, &place.payments), (self.sources, &place.sources), (self.branches, &place.branches)];
        for (file, path) in files {
            let path = Path::new(path);
            let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            // The place may be on another disk.
            let copied = folder.and_then(|()| std::fs::copy(file.path(), path));
            copied.map_err(|cause| LocalError::file(path, cause))?;
        }
        Ok(())
    }
}

async fn keep(mut report: Response, folder: &Path) -> Result<NamedTempFile, LocalError> {
    let failed = |cause| LocalError::file(folder, cause);
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    while let Some(piece) = report.chunk().await? {
        file.write_all(&piece).map_err(failed)?;
    }
    Ok(file)
}

fn of_state<'a>(reported: &'a mut Reported, status: &str) -> &'a mut Sum {
    let is = |state: State| status == state.as_str();
    if is(State::Completed) || is(State::Available) {
        &mut reported.paid
    } else if is(State::Failed) {
        &mut reported.failed
    } else if is(State::Returned) {
        &mut reported.returned
    } else if is(State::Canceled) {
        &mut reported.canceled
    } else {
        &mut reported.open
    }
}

fn tallied(path: &Path) -> Result<Sum, LocalError> {
    let mut sum = Sum::default();
    for line in csv::Reader::from_path(path)?.deserialize() {
        let TallyLine { payments, total } = line?;
        add(&mut sum, payments, total)?;
    }
    Ok(sum)
}

fn add(sum: &mut Sum, count: u64, amount: Cents) -> Result<(), LocalError> {
    sum.count = sum.count.saturating_add(count);
    sum.total = sum.total.plus(amount).map_err(|overflow: MoneyOverflow| LocalError::Bank(overflow.to_string()))?;
    Ok(())
}
