//! The hours of all views of an account, as a file keeps them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Hours;

/// The hours of an account's views, by the view's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Book {
    views: BTreeMap<String, Page>,
}

/// A view's hours, and what they answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Page {
    question: String,
    hours: Hours,
}

impl Book {
    /// No hour yet, of views that each have a name and a question: whatever decides what its figures
    /// mean, as one text.
    pub fn new(questions: impl IntoIterator<Item = (String, String)>) -> Self {
        let view = |(name, question)| (name, Page { question, hours: Hours::default() });
        Self { views: questions.into_iter().map(view).collect() }
    }

    /// Takes over what was saved of views that still ask the same: with another filter or zone
    /// under an old name, expectations would be another business's.
    pub fn recall(&mut self, saved: Self) {
        for (name, old) in saved.views {
            if let Some(page) = self.views.get_mut(&name)
                && page.question == old.question
            {
                page.hours = old.hours;
            }
        }
    }

    /// A view's hours.
    pub fn hours(&self, view: &str) -> Option<&Hours> {
        self.views.get(view).map(|page| &page.hours)
    }

    /// The same, to be added to.
    pub fn hours_mut(&mut self, view: &str) -> Option<&mut Hours> {
        self.views.get_mut(view).map(|page| &mut page.hours)
    }
}
