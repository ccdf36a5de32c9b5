# What R's survival package says of the log-rank test with weights of rows, for tests/compare/test_weighted_test.py: the robust
# score test of Cox's model with the groups as its terms, ties as Breslow's. Reads clusters_data.csv; writes weighted_test.csv.
# Run it in this folder:
#   Rscript weighted_test.R
library(survival)

data <- read.csv("clusters_data.csv")
data$weight <- 0.5 + (data$row %% 7) / 3
rows <- list()
score <- function(case, formula, part = data) {
  for (by in c("person_id", "row")) {
    part$of <- part[[by]]
    fit <- coxph(formula, part, weights = weight, cluster = of, ties = "breslow", robust = TRUE)
    rows[[length(rows) + 1]] <<- data.frame(case = case, cluster = by, statistic = unname(summary(fit)$robscore["test"]))
  }
}
score("plain", Surv(days, event) ~ group)
score("two groups", Surv(days, event) ~ group, data[data$group != "c", ])
score("late", Surv(entry, days, event) ~ group)
score("strata", Surv(days, event) ~ group + strata(site))
score("late strata", Surv(entry, days, event) ~ group + strata(site))
write.csv(do.call(rbind, rows), "weighted_test.csv", row.names = FALSE, quote = FALSE)
