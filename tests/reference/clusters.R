# What R's survival package says of rows that hang together, for tests/survival/test_hazard_clusters.py, tests/survival/test_incidence_clusters.py and
# tests/compare/test_compare_clusters.py: the robust score test of groups (with strata, with late entry), and the
# errors of cumulative incidence, of rates and of distributions. Writes clusters_data.csv (made here: one to four episodes of a
# person, whose days hang together, with ties) and clusters.csv. Run it in this folder:
#   Rscript clusters.R
library(survival)

set.seed(20261124)
people <- 80
person <- rep(seq_len(people), sample(1:4, people, replace = TRUE))
n <- length(person)
rate <- rgamma(people, 2, 2)[person]
data <- data.frame(
  person_id = person,
  row = seq_len(n),
  entry = ifelse(runif(n) < 0.4, sample(1:20, n, replace = TRUE), 0),
  group = sample(c("a", "b", "c"), people, replace = TRUE)[person],
  site = sample(1:2, n, replace = TRUE),
  age = sample(20:60, people, replace = TRUE)[person])
# Some people change their group from one episode to the next.
moved <- runif(n) < 0.2
data$group[moved] <- sample(c("a", "b", "c"), sum(moved), replace = TRUE)
data$days <- data$entry + 1 + floor(rexp(n, rate / 25))
data$end <- sample(c("relapse", "died", "censored"), n, replace = TRUE, prob = c(.5, .2, .3))
data$event <- as.integer(data$end == "relapse")
write.csv(data, "clusters_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
say <- function(case, quantity, value, cause = "", group = "", at = NA) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, quantity = quantity, cause = cause,
    group = group, at = at, value = as.numeric(value))
}

# The robust score test of Cox's model with the groups as its terms, ties as Breslow's.
score <- function(case, formula, part = data) {
  for (by in c("person_id", "row")) {
    part$of <- part[[by]]
    fit <- coxph(formula, part, cluster = of, ties = "breslow", robust = TRUE)
    say(case, paste("robust score by", by), summary(fit)$robscore["test"])
  }
  say(case, "score", fit$score)
}
score("plain", Surv(days, event) ~ group)
score("two groups", Surv(days, event) ~ group, data[data$group != "c", ])
score("late", Surv(entry, days, event) ~ group)
score("strata", Surv(days, event) ~ group + strata(site))
score("late strata", Surv(entry, days, event) ~ group + strata(site))

# Cumulative incidence: the influence of each row, summed within persons.
state <- factor(data$end, c("censored", "relapse", "died"))
for (case in c("incidence", "incidence late")) {
  for (level in c("a", "b", "c")) {
    own <- data$group == level
    part <- data[own, ]
    part$state <- state[own]
    if (case == "incidence") part$entry <- 0
    fit <- survfit(Surv(entry, days, state) ~ 1, part, id = row, influence = 1)
    of <- fit$influence.pstate[, -1, ]  # rows, times (the first is the start), states
    for (cause in c("relapse", "died")) {
      place <- match(cause, fit$states)
      say(case, "incidence", fit$pstate[, place], cause, level, fit$time)
      by_person <- rowsum(of[, , place], part$person_id)
      say(case, "se", sqrt(colSums(by_person^2)), cause, level, fit$time)
      stopifnot(all.equal(sqrt(colSums(of[, , place]^2)), fit$std.err[, place]))
    }
  }
}

# The cumulative hazard by person, and from the influence of persons on its increments the error of the rate
# smoothed by Epanechnikov's kernel of half width 8 on day 12, far from both edges.
for (case in c("hazard", "hazard late")) {
  for (level in c("a", "b", "c")) {
    part <- data[data$group == level, ]
    if (case == "hazard") part$entry <- 0
    fit <- survfit(Surv(entry, days, event) ~ 1, part, cluster = person_id, influence = 3)
    stopifnot(all.equal(sqrt(colSums(fit$influence.chaz^2)), fit$std.chaz))
    say(case, "cumulative hazard", fit$cumhaz, group = level, at = fit$time)
    say(case, "cumulative se", fit$std.chaz, group = level, at = fit$time)
    weight <- pmax(0.75 * (1 - ((12 - fit$time) / 8)^2), 0) / 8
    by_day <- t(apply(cbind(0, fit$influence.chaz), 1, diff))
    say(case, "rate", sum(weight * diff(c(0, fit$cumhaz))), group = level, at = 12)
    say(case, "rate se", sqrt(sum((by_day %*% weight)^2)), group = level, at = 12)
  }
}

# A Weibull distribution of days known to within five: the sandwich by person from numerical slopes
# at survreg's maximum. The robust variance that survreg itself gives for intervals is another one.
left <- ifelse(data$event == 1, pmax(data$days - 5, 0), data$days)
right <- ifelse(data$event == 1, data$days, Inf)
fit <- survreg(Surv(ifelse(left == 0, NA, left), ifelse(is.finite(right), right, NA),
                    type = "interval2") ~ 1, dist = "weibull")
terms <- function(p) {
  survival <- function(t) exp(-(t / exp(p[1]))^exp(-p[2]))
  log(survival(left) - ifelse(is.finite(right), survival(right), 0))
}
at <- c(coef(fit), log(fit$scale))
slopes <- sapply(1:2, function(j) {
  step <- 1e-4 * (seq_along(at) == j)
  (terms(at + step) - terms(at - step)) / 2e-4
})
inverse <- solve(optimHess(at, function(p) -sum(terms(p))))
error <- sqrt(diag(inverse %*% crossprod(rowsum(slopes, data$person_id)) %*% inverse))
say("weibull", "se location", error[1])
say("weibull", "se log scale", error[2])

found <- do.call(rbind, rows)
found$value <- sprintf("%.17g", found$value)
write.csv(found, "clusters.csv", row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")), "\n")
