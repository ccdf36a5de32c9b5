# What R's survival and cmprsk packages say of the data that tests/survival/test_competing.py uses.
# Writes competing_data.csv (simulated, with ties, three groups, three causes and censoring),
# competing_entry.csv (the same with late entry, one row a person) and competing.csv (one number
# a row). Run it in this folder:
#   Rscript competing.R
library(survival)
library(cmprsk)

set.seed(20261)
n <- 400
group <- sample(c("a", "b", "c"), n, replace = TRUE, prob = c(.5, .3, .2))
latent <- cbind(
  rexp(n, c(a = .010, b = .016, c = .007)[group]), rexp(n, .002), rexp(n, .004), rexp(n, .006))
kind <- apply(latent, 1, which.min)
# Days in weeks: every day of the table has ties, between causes and with censoring.
days <- pmin(7 * ceiling(apply(latent, 1, min) / 7), 182)
kind[days == 182 & runif(n) < .5] <- 4
end <- c("relapse", "died", "transferred", "censored")[kind]
data <- data.frame(days = days, end = end, group = group)
write.csv(data, "competing_data.csv", row.names = FALSE)

rows <- list()
say <- function(data, group, cause, quantity, value, day = NA) {
  rows[[length(rows) + 1]] <<- data.frame(
    data = data, group = group, cause = cause, quantity = quantity, day = day, value = value)
}

causes <- c("relapse", "died", "transferred")
state <- function(end) factor(end, c("censored", causes))
for (level in c("a", "b", "c")) {
  part <- data[data$group == level, ]
  fit <- survfit(Surv(days, state(end)) ~ 1, part, conf.type = "log-log")
  for (cause in causes) {
    place <- match(cause, fit$states)
    say("ties", level, cause, "incidence", fit$pstate[, place], fit$time)
    say("ties", level, cause, "se", fit$std.err[, place], fit$time)
    say("ties", level, cause, "lower", fit$lower[, place], fit$time)
    say("ties", level, cause, "upper", fit$upper[, place], fit$time)
    say("ties", level, cause, "events", fit$n.event[, place], fit$time)
  }
}

number <- match(data$end, causes, nomatch = 0)
gray <- function(name, rows) {
  tests <- cuminc(data$days[rows], number[rows], data$group[rows])$Tests
  for (cause in causes) {
    say(name, "all", cause, "gray", tests[match(cause, causes), "stat"])
    say(name, "all", cause, "p", tests[match(cause, causes), "pv"])
  }
}
gray("ties", rep(TRUE, n))
gray("two_groups", data$group != "c")

late <- data
late$entry <- ifelse(runif(n) < .5, 0, pmin(7 * floor(rexp(n, .03) / 7), 70))
late <- late[late$entry < late$days, ]
late$id <- seq_len(nrow(late))
write.csv(late[, c("entry", "days", "end", "group")], "competing_entry.csv", row.names = FALSE)
fit <- survfit(Surv(entry, days, state(end)) ~ 1, late, id = id)
for (cause in causes) {
  place <- match(cause, fit$states)
  say("entry", "all", cause, "incidence", fit$pstate[, place], fit$time)
  say("entry", "all", cause, "jackknife", fit$std.err[, place], fit$time)
}

rows <- do.call(rbind, rows)
rows$value <- format(rows$value, digits = 16, trim = TRUE)
write.csv(rows, "competing.csv", row.names = FALSE, quote = FALSE)
