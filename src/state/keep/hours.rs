//! The hours of an account, which are large: who collects owns them, and here they only pass.

use std::sync::Arc;

use super::Keep;
use crate::hours::book::Book;
use crate::state::hours::{self, KIND};

impl Keep {
    /// The hours that were kept, as their file has them: whoever goes on with them owns them, and
    /// they are large.
    pub fn hours(&self) -> Option<Book> {
        let so = "the hours are fetched anew, and what the API does not tell is learned again";
        let mut found = None;
        self.read(self.store.as_ref()?, KIND.name, so, |bytes| {
            found = Some(hours::unseal(bytes)?);
            Ok(())
        });
        found
    }

    /// Saves these hours with the next save.
    pub fn note_hours(&self, book: Arc<Book>) {
        self.inner().new_hours = self.store.is_some().then_some(book);
    }

    /// Returns whether nothing is left to save.
    pub(super) fn save_hours(&self) -> bool {
        let Some(store) = &self.store else { return true };
        let Some(book) = self.inner().new_hours.take() else { return true };
        let saved = self.write(store, KIND.name, &hours::seal(&book));
        if !saved {
            self.inner().new_hours.get_or_insert(book);
        }
        saved
    }
}
