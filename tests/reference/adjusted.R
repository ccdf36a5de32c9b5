# What R says of the numbers that tests/compare/test_balance.py, test_propensity.py and
# test_adjusted_curves.py use, on confounded data made here: standardised differences by R's
# mahalanobis(), propensity scores by glm(), weighted Kaplan-Meier curves by survfit(), and the
# g-formula by coxph() stratified by group, each person's curve averaged; augmented weighting derived
# a second time. Writes adjusted_data.csv and adjusted.csv. Run it in this folder:
#   Rscript adjusted.R
library(survival)

set.seed(20261127)
n <- 240
age <- round(rnorm(n, 38, 11), 1)
employed <- rbinom(n, 1, 0.45)
substance <- sample(c("alcohol", "opioids", "stimulants"), n, replace = TRUE, prob = c(.5, .3, .2))
chance <- plogis(-0.3 + 0.05 * (age - 38) + 0.8 * employed - 0.6 * (substance == "opioids"))
track <- ifelse(runif(n) < chance, "evening", "day")
rate <- 0.006 * exp(-0.02 * (age - 38) - 0.5 * employed + 0.7 * (substance == "opioids") -
                    0.2 * (track == "evening"))
time <- ceiling(rexp(n, rate))
end <- sample(60:360, n, replace = TRUE)
data <- data.frame(row = seq_len(n), age, employed, substance, track,
                   days = pmin(time, end), event = as.integer(time <= end))
write.csv(data, "adjusted_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
say <- function(case, group, quantity, value, at = NA)
  rows[[length(rows) + 1]] <<- data.frame(case, group, quantity, at, value = as.numeric(value))

one <- data$track == "evening"
number <- function(x) (mean(x[one]) - mean(x[!one])) / sqrt((var(x[one]) + var(x[!one])) / 2)
share <- function(x) (mean(x[one]) - mean(x[!one])) /
  sqrt((mean(x[one]) * (1 - mean(x[one])) + mean(x[!one]) * (1 - mean(x[!one]))) / 2)
words <- function(x) {
  level <- model.matrix(~ x)[, -1]
  of <- function(part) crossprod(scale(level[part, ], scale = FALSE)) / sum(part)
  sqrt(mahalanobis(colMeans(level[one, ]), colMeans(level[!one, ]), (of(one) + of(!one)) / 2))
}
say("balance", "evening", "age", number(data$age))
say("balance", "evening", "employed", share(data$employed))
say("balance", "evening", "substance", words(data$substance))

model <- glm(one ~ age + employed + substance, family = binomial, data = data,
             control = list(epsilon = 1e-14))
score <- fitted(model)
say("scores", "evening", "coefficient", coef(model), names(coef(model)))
say("scores", "evening", "se", sqrt(diag(vcov(model))), names(coef(model)))
say("scores", "evening", "score", score, data$row)

days <- c(30, 90, 180)
area <- function(time, surv, end) {
  inside <- time < end
  sum(c(1, surv[inside]) * diff(c(0, time[inside], end)))
}
weights <- list(
  average = ifelse(one, 1 / score, 1 / (1 - score)),
  treated = ifelse(one, 1, score / (1 - score)),
  overlap = ifelse(one, 1 - score, score))
for (name in names(weights)) {
  w <- weights[[name]]
  fit <- survfit(Surv(days, event) ~ track, data, weights = w)
  for (group in c("day", "evening")) {
    own <- data$track == group
    say(name, group, "effective_size", sum(w[own])^2 / sum(w[own]^2))
    part <- fit[paste0("track=", group)]
    say(name, group, "survival", summary(part, times = days)$surv, days)
    say(name, group, "restricted_mean", area(part$time, part$surv, 180), 180)
  }
}

exact <- coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 50)
columns <- model.matrix(~ age + employed + substance, data)[, -1]
# The cumulative hazard of everybody, by group: a row a person, a column a day from 0.
grid <- 0:180
hazards <- function(status) {
  fit <- coxph(Surv(days, status) ~ columns + strata(track), data, ties = "breslow", control = exact)
  base <- basehaz(fit, centered = FALSE)
  ratio <- exp(drop(columns %*% coef(fit)))
  by <- lapply(c(day = "day", evening = "evening"), function(group) {
    own <- base[base$strata == group, ]
    outer(ratio, c(0, own$hazard)[findInterval(grid, own$time) + 1])
  })
  list(fit = fit, by = by)
}
relapse <- hazards(data$event)
say("cox", "", "coefficient", coef(relapse$fit), sub("columns", "", names(coef(relapse$fit))))
for (who in c("average", "treated")) for (group in c("day", "evening")) {
  people <- if (who == "average") rep(TRUE, n) else one
  curve <- colMeans(exp(-relapse$by[[group]][people, ]))
  say(paste0("standardised_", who), group, "survival", curve[days + 1], days)
  say(paste0("standardised_", who), group, "restricted_mean", sum(curve[1:180]), 180)
}

# Augmented weighting, a second derivation: the form with the inverse probability of being followed
# and a term for those who are not, summed over the days of censoring (Bai, Tsiatis and O'Brien
# 2013, Stat Med 32:1-17), person by person, where the library has the form with the martingale of
# the event. On days both are the same number. Events of a day come before censoring on it.
gone <- hazards(1 - data$event)
for (group in c("day", "evening")) {
  h <- relapse$by[[group]]
  g <- gone$by[[group]]
  chance_of <- if (group == "evening") score else 1 - score
  at <- function(t, i) {
    surv <- function(u) exp(-h[i, u + 1])
    keep <- function(u) if (u < 0) 1 else exp(-g[i, u + 1])
    through <- data$days[i] > t || (data$days[i] == t && data$event[i] == 0)
    value <- through / keep(t - 1)
    for (u in 0:(t - 1)) {
      there <- data$days[i] > u || (data$days[i] == u && data$event[i] == 0)
      if (!there) next
      left <- data$days[i] == u
      value <- value + surv(t) / surv(u) * (left - (1 - keep(u) / keep(u - 1))) / keep(u)
    }
    mine <- data$track[i] == group
    mine / chance_of[i] * (value - surv(t)) + surv(t)
  }
  for (t in days) {
    each <- sapply(seq_len(n), function(i) at(t, i))
    say("augmented", group, "survival", mean(each), t)
    say("augmented", group, "se", sqrt(mean((each - mean(each))^2) / n), t)
  }
}
write.csv(do.call(rbind, rows), "adjusted.csv", row.names = FALSE, quote = FALSE)
