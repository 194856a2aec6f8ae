//! What consolidation goes by: the installation's settings, and what a tenant has of its own.

use super::reflection::Period;
use crate::config::Consolidation;
use crate::error::{Error, Result};
use crate::jobs::Schedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What differs for a tenant; a member that is not named is the installation's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ConsolidationOverrides")]
pub struct Overrides {
    /// Whether its memory is consolidated by schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// When: minute hour day month weekday, in the installation's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// After so many days a handoff is shown as a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_after_days: Option<u32>,
    /// After so many days as a few sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quick_ref_after_days: Option<u32>,
    /// After so many days as its most telling sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrated_after_days: Option<u32>,
    /// A decision that was not used for so many days leaves the active set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_after_days: Option<u32>,
    /// In so many days a memory of significance 0 that is not used loses half of its strength; one of significance 1 takes three times as long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_life_days: Option<f64>,
    /// Memories weaker than this (0 to 1) go into the trash for 30 days; 0 forgets nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forget_below: Option<f64>,
    /// How much a memory's strength adds to its score in recall; 0 is nothing, 0.1 decides between equals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_prior: Option<f64>,
}

impl Overrides {
    /// From the column of the tenants' table. What cannot be read (written by a newer version) counts as nothing.
    pub fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// When the tenant's memory is consolidated; none when it is turned off.
    pub fn schedule<'a>(&'a self, of_all: &'a Consolidation) -> Option<&'a str> {
        self.enabled
            .unwrap_or(true)
            .then(|| self.schedule.as_deref().unwrap_or(&of_all.schedule))
    }

    /// Refuses what cannot work, naming the member.
    ///
    /// # Errors
    /// A schedule that cannot be read, thresholds that are not in order, numbers out of their range.
    pub fn check(&self, of_all: &Consolidation) -> Result<()> {
        Settings::of(of_all, self).check()?;
        let schedule = self.schedule.as_deref().unwrap_or(&of_all.schedule);
        Schedule::parse(schedule, &of_all.timezone).map_err(|error| match error.at_field() {
            Some(_) => error,
            None => error.field("consolidation.schedule"),
        })?;
        Ok(())
    }
}

/// What holds for one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Days after which a handoff is shown as summary, quick_ref, integrated.
    pub levels: [u32; 3],
    /// Days without use after which a decision is archived.
    pub archive: u32,
    /// Days.
    pub half_life: f64,
    /// 0 to 1.
    pub forget_below: f64,
    /// At least 0.
    pub recall_prior: f64,
}

impl Settings {
    /// The installation's, and what differs.
    pub fn of(all: &Consolidation, own: &Overrides) -> Self {
        Self {
            levels: [
                own.summary_after_days.unwrap_or(all.summary_after_days),
                own.quick_ref_after_days.unwrap_or(all.quick_ref_after_days),
                own.integrated_after_days
                    .unwrap_or(all.integrated_after_days),
            ],
            archive: own.archive_after_days.unwrap_or(all.archive_after_days),
            half_life: own.half_life_days.unwrap_or(all.half_life_days),
            forget_below: own.forget_below.unwrap_or(all.forget_below),
            recall_prior: own.recall_prior.unwrap_or(all.recall_prior),
        }
    }

    /// Refuses what cannot work.
    ///
    /// # Errors
    /// Thresholds that are not in order, numbers out of their range.
    pub fn check(&self) -> Result<()> {
        let refuse = |field: &str, why: &str| {
            Err(Error::invalid(format!("consolidation.{field} {why}"))
                .field(format!("consolidation.{field}")))
        };
        let [summary, quick_ref, integrated] = self.levels;
        if !(summary < quick_ref && quick_ref < integrated && integrated <= 36_500) {
            return refuse(
                "summary_after_days",
                "has to be less than quick_ref_after_days, and that less than integrated_after_days",
            );
        }
        if !(1..=36_500).contains(&self.archive) {
            return refuse("archive_after_days", "is 1 to 36500");
        }
        if !(0.01..=36_500.0).contains(&self.half_life) {
            return refuse("half_life_days", "is 0.01 to 36500");
        }
        if !(0.0..1.0).contains(&self.forget_below) {
            return refuse("forget_below", "is 0 to less than 1");
        }
        if !(0.0..=1.0).contains(&self.recall_prior) {
            return refuse("recall_prior", "is 0 to 1");
        }
        Ok(())
    }
}

impl Period {
    /// For people.
    pub fn called(self, day: chrono::NaiveDate) -> String {
        match self {
            Self::Day => format!("{day}"),
            Self::Week => format!("Week of {day}"),
            Self::Month => day.format("%Y-%m").to_string(),
        }
    }
}
