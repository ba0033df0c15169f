//! The table.

/// One comparison, or one number without a rival.
pub struct Line {
    work: String,
    ours: String,
    rival: String,
    ratio: String,
    goal: String,
}

impl Line {
    /// What was measured of ours.
    pub fn of(work: impl Into<String>, ours: impl Into<String>) -> Self {
        let none = String::new;
        Self { work: work.into(), ours: ours.into(), rival: none(), ratio: none(), goal: none() }
    }

    /// Who did the same, and how often ours fits into its time.
    pub fn beside(mut self, rival: &str, theirs: &str, ratio: f64) -> Self {
        self.rival = format!("{rival}: {theirs}");
        self.ratio = if ratio < 0.2 { format!("{ratio:.3} x") } else { format!("{ratio:.2} x") };
        self
    }

    /// What was promised.
    pub fn goal(mut self, goal: &str, met: bool) -> Self {
        self.goal = format!("{goal}: {}", if met { "met" } else { "**not met**" });
        self
    }
}

/// The head of the table, in Markdown.
pub fn head() {
    println!("| work | ours | rival | ratio | goal |");
    println!("|---|---|---|---|---|");
}

pub fn tell(lines: &[Line]) {
    for Line { work, ours, rival, ratio, goal } in lines {
        println!("| {work} | {ours} | {rival} | {ratio} | {goal} |");
    }
}
