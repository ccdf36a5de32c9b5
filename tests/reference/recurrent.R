# What R's survival and mets packages say of the data that tests/survival/test_mean_cumulative.py and
# tests/compare/test_recurrent_regression.py use.
# Writes recurrent_data.csv (simulated: several events a person, frailty, tied days, late entry,
# stretches without observation, deaths, three groups), recurrent_untied.csv (no ties, all from day
# 0) and recurrent.csv (one number a row). The Ghosh-Lin estimate with tied days, and its test, are
# written out here from their definition, by person and day. Run it in this folder:
#   Rscript recurrent.R
suppressMessages({
  library(survival)
  library(mets)
})

set.seed(20264)
simulate <- function(n, late, round_up) {
  rows <- list()
  for (id in seq_len(n)) {
    group <- sample(c("a", "b", "c"), 1, prob = c(.4, .4, .2))
    x <- round(rnorm(1), 2)
    frailty <- rgamma(1, 2, 2)
    death <- round_up(rexp(1, .004 * frailty))
    end <- min(death, round_up(runif(1, 60, 200)))
    rate <- c(a = .012, b = .020, c = .015)[[group]] * frailty * exp(.3 * x)
    day <- if (late && runif(1) < .4) 7 * floor(runif(1, 1, 5)) else 0
    while (day < end) {
      following <- day + round_up(rexp(1, rate))
      last <- following >= end
      rows[[length(rows) + 1]] <- data.frame(
        id = id, group = group, x = x, entry = day, days = min(following, end),
        event = as.integer(!last), died = as.integer(last && end == death))
      # After an event, sometimes a stretch in which nobody looks.
      day <- following + if (late && runif(1) < .3) 14 else 0
    }
  }
  do.call(rbind, rows)
}
weekly <- function(days) 7 * ceiling(days / 7)
data <- simulate(240, TRUE, weekly)
untied <- simulate(240, FALSE, function(days) round(days + .00005, 4) + .0001)
stopifnot(!anyDuplicated(untied$days))
write.csv(data, "recurrent_data.csv", row.names = FALSE, quote = FALSE)
write.csv(untied, "recurrent_untied.csv", row.names = FALSE, quote = FALSE)

rows <- list()
say <- function(data, group, quantity, value, day = NA) {
  rows[[length(rows) + 1]] <<- data.frame(
    data = data, group = group, quantity = quantity, day = day, value = value)
}
asked <- c(28, 70, 119, 161)

for (level in c("a", "b", "c")) {
  fit <- survfit(Surv(entry, days, event) ~ 1, data[data$group == level, ], id = id, robust = TRUE)
  told <- summary(fit, times = fit$time)
  say("tied", level, "mean", told$cumhaz, told$time)
  say("tied", level, "se", told$std.chaz, told$time)
}

# Ghosh and Lin from the definition: the infinitesimal jackknife with Y - dD.
counted <- function(part, day) {
  there <- part$entry < day & part$days >= day
  list(
    there = there, y = sum(there),
    n = sum(part$event[part$days == day]), d = sum(part$died[part$days == day]))
}
by_definition <- function(part, until, weight = function(day) 1) {
  days <- sort(unique(part$days))
  days <- days[days <= until]
  left <- 1
  steps <- influence <- list()
  for (day in days) {
    now <- counted(part, day)
    steps[[length(steps) + 1]] <- weight(day) * left * now$n / now$y
    own <- tapply(
      weight(day) * left * (part$event * (part$days == day) - now$there * now$n / now$y) / now$y,
      part$id, sum)
    if (now$d > 0 && now$y > now$d) {
      fall <- tapply(
        (part$died * (part$days == day) - now$there * now$d / now$y) / (now$y - now$d),
        part$id, sum)
    } else {
      fall <- 0 * own
    }
    influence[[length(influence) + 1]] <- list(own = own, fall = fall)
    left <- left * (1 - now$d / now$y)
  }
  steps <- unlist(steps)
  ahead <- sum(steps) - cumsum(steps)
  moved <- 0
  for (place in seq_along(days)) {
    moved <- moved + influence[[place]]$own - ahead[place] * influence[[place]]$fall
  }
  list(mean = sum(steps), se = sqrt(sum(moved^2)), moved = moved)
}
for (level in c("a", "b", "c")) for (day in asked) {
  found <- by_definition(data[data$group == level, ], day)
  say("tied", level, "terminal_mean", found$mean, day)
  say("tied", level, "terminal_se", found$se, day)
}

two <- data[data$group != "c", ]
first <- two[two$group == "a", ]
second <- two[two$group == "b", ]
weight <- function(day) {
  y <- c(counted(first, day)$y, counted(second, day)$y)
  if (all(y > 0)) prod(y) / sum(y) else 0
}
one <- by_definition(first, Inf, weight)
other <- by_definition(second, Inf, weight)
statistic <- (one$mean - other$mean)^2 / (one$se^2 + other$se^2)
say("tied", "two", "terminal_score", one$mean - other$mean)
say("tied", "two", "terminal_statistic", statistic)

# mets has dM / Y in the variance, where the infinitesimal jackknife has dM / (Y - dD).
recurrent <- phreg(Surv(entry, days, event) ~ cluster(id), data = untied)
death <- phreg(Surv(entry, days, died) ~ cluster(id), data = untied)
fit <- recurrentMarginal(recurrent, death)
for (day in asked) {
  place <- max(which(fit$times <= day))
  say("untied", "all", "terminal_mean", fit$mu[place], day)
  say("untied", "all", "terminal_se", fit$se.mu[place], day)
}

robust <- function(rows) {
  fit <- coxph(Surv(entry, days, event) ~ group, rows, cluster = id, ties = "breslow")
  summary(fit)$robscore
}
for (name in c("two", "three")) {
  found <- robust(if (name == "two") two else data)
  say("tied", name, "statistic", found[1])
  say("tied", name, "p", found[3])
}
once <- data[!duplicated(data$id), ]
say("once", "three", "statistic", robust(once)[1])

data$number <- ave(data$event, data$id, FUN = function(event) cumsum(event) - event + 1)
data$pooled <- pmin(data$number, 3)
cox <- function(name, formula, ...) {
  fit <- coxph(formula, data, cluster = id, control = coxph.control(eps = 1e-12, toler.chol = 1e-13), ...)
  say("tied", name, paste0("coefficient", seq_along(coef(fit))), coef(fit))
  say("tied", name, paste0("se", seq_along(coef(fit))), sqrt(diag(fit$var)))
  say("tied", name, paste0("se_model", seq_along(coef(fit))), sqrt(diag(fit$naive.var)))
  say("tied", name, "log_likelihood", fit$loglik[2])
}
cox("andersen_gill", Surv(entry, days, event) ~ group + x)
cox("breslow", Surv(entry, days, event) ~ group + x, ties = "breslow")
cox("pwp_total", Surv(entry, days, event) ~ group + x + strata(number))
cox("pooled", Surv(entry, days, event) ~ group + x + strata(pooled))
cox("pwp_gap", Surv(days - entry, event) ~ group + x + strata(pooled))
cox("strata", Surv(entry, days, event) ~ x + strata(pooled, group))

rows <- do.call(rbind, rows)
rows$value <- format(rows$value, digits = 16, trim = TRUE)
write.csv(rows, "recurrent.csv", row.names = FALSE, quote = FALSE)
