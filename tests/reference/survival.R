# What R's survival package says of the data that tests/survival/test_survival.py and
# tests/compare/test_compare.py use. Writes survival.csv (one number a row) and, for the simulated data
# with late entry, its input late_entry.csv. Run it in this folder:
#   Rscript survival.R [path of uis.csv]
# Without the path, the rows of uis are left as they are not in the file.
library(survival)

rows <- list()
say <- function(data, group, quantity, value, day = NA) {
  rows[[length(rows) + 1]] <<- data.frame(
    data = data, group = as.character(group), quantity = quantity, day = day, value = value)
}

curve <- function(data, frame, response, by, days, horizon) {
  for (level in sort(unique(frame[[by]]))) {
    part <- frame[frame[[by]] == level, ]
    for (scale in c("log-log", "log")) {
      fit <- survfit(as.formula(paste(response, "~ 1")), part, conf.type = scale)
      found <- summary(fit, times = days)
      quantiles <- quantile(fit, .5)
      if (scale == "log-log") {
        say(data, level, "survival", found$surv, found$time)
        say(data, level, "survival se", found$std.err, found$time)
        # On the days of the curve: on others summary() gives those at risk on the next of them.
        some <- seq(1, length(fit$time), by = 7)
        say(data, level, "at_risk", fit$n.risk[some], fit$time[some])
        say(data, level, "n", nrow(part))
        say(data, level, "events", sum(fit$n.event))
        say(data, level, "median", quantiles$quantile)
        area <- survival:::survmean(fit, rmean = horizon)$matrix
        say(data, level, "mean", area[["rmean"]], horizon)
        say(data, level, "se", area[["se(rmean)"]], horizon)
      }
      say(data, level, paste("lower", scale), found$lower, found$time)
      say(data, level, paste("upper", scale), found$upper, found$time)
      say(data, level, paste("median lower", scale), quantiles$lower)
      say(data, level, paste("median upper", scale), quantiles$upper)
    }
  }
}

follow_up <- function(data, frame, by) {
  for (level in sort(unique(frame[[by]]))) {
    part <- frame[frame[[by]] == level, ]
    fit <- survfit(Surv(days, 1 - event) ~ 1, part)
    say(data, level, "followed_median", quantile(fit, .5)$quantile)
  }
}

log_rank <- function(data, frame, by, strata = NULL) {
  terms <- paste(c(by, if (!is.null(strata)) sprintf("strata(%s)", strata)), collapse = " + ")
  found <- survdiff(as.formula(paste("Surv(days, event) ~", terms)), frame)
  name <- paste(c(by, strata), collapse = " within ")
  say(data, name, "chi-squared", found$chisq)
  say(data, name, "degrees of freedom", length(found$n) - 1)
  expected <- if (is.matrix(found$exp)) rowSums(found$exp) else found$exp
  for (i in seq_along(expected)) say(data, name, paste("expected", i), expected[i])
}

lung$days <- lung$time
lung$event <- lung$status - 1
curve("lung", lung, "Surv(days, event)", "sex", c(0, 30, 180, 365, 700), 365)
follow_up("lung", lung, "sex")
log_rank("lung", lung, "sex")
log_rank("lung", lung[!is.na(lung$ph.ecog), ], "sex", "ph.ecog")
log_rank("lung", lung[!is.na(lung$ph.ecog) & lung$ph.ecog < 3, ], "ph.ecog")

# Rows in the counting-process form, so with late entry; heart is a data set of the package.
heart$group <- as.integer(as.character(heart$transplant))
curve("heart", heart, "Surv(start, stop, event)", "group", c(0, 30, 100, 365, 900), 365)

# The median of 1, 2, ... n without censoring, and of curves that end on one half.
for (n in c(1:8, 10, 14, 20, 22, 44)) {
  fit <- survfit(Surv(1:n, rep(1, n)) ~ 1, conf.type = "log-log")
  found <- quantile(fit, .5)
  say("plateau", n, "median", found$quantile)
  say("plateau", n, "lower", found$lower)
  say("plateau", n, "upper", found$upper)
}
fit <- survfit(Surv(1:4, c(1, 1, 0, 0)) ~ 1, conf.type = "log-log")
say("plateau", "ends on it", "median", quantile(fit, .5)$quantile)

# Late entry with many ties, of entries with events too.
set.seed(20260930)
n <- 60
late <- data.frame(
  group = sample(1:3, n, TRUE), stratum = sample(1:2, n, TRUE),
  entry = ifelse(runif(n) < .4, 0, sample(0:20, n, TRUE)))
late$days <- late$entry + sample(1:40, n, TRUE)
late$event <- as.integer(runif(n) < .6)
write.csv(late, "late_entry.csv", row.names = FALSE)
curve("late_entry", late, "Surv(entry, days, event)", "group", c(0, 1, 10, 25, 40), 30)
# The exact conditional likelihood has the log-rank as its score test, ties and late entry too.
exact <- function(terms, name) {
  fit <- coxph(as.formula(paste("Surv(entry, days, event) ~", terms)), late, ties = "exact")
  say("late_entry", name, "chi-squared", fit$score)
  say("late_entry", name, "degrees of freedom", length(coef(fit)))
}
exact("factor(group)", "group")
exact("factor(group) + strata(stratum)", "group within stratum")

path <- commandArgs(TRUE)
if (length(path)) {
  uis <- read.csv(path[1])
  uis$days <- uis$time
  uis$event <- uis$censor
  uis$all <- 1
  for (by in c("all", "treat", "site", "race")) {
    curve(paste("uis", by), uis[!is.na(uis[[by]]), ], "Surv(days, event)", by,
          c(30, 90, 180, 365, 545), 365)
  }
  for (by in c("treat", "site", "race", "ivhx", "hercoc")) log_rank("uis", uis, by)
  log_rank("uis complete", na.omit(uis), "treat")
  log_rank("uis complete", na.omit(uis), "treat", "site")
}

found <- do.call(rbind, rows)
found$value <- sprintf("%.17g", found$value)
write.csv(found, "survival.csv", row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")), "\n")
