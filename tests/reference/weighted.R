# What R's survival package says of the numbers that tests/survival/test_weighted_curves.py uses: curves with
# weights, clusters and late entry on data made here. The standard error of the area under a curve is
# that of the influence of each person on it, summed over the steps: R itself keeps the formula for
# unweighted people. Writes weighted_data.csv and weighted.csv. Run it in this folder:
#   Rscript weighted.R
library(survival)

set.seed(20261123)
people <- 60
id <- sample(people, 140, replace = TRUE)
data <- data.frame(
  id = id,
  entry = ifelse(runif(140) < 0.4, sample(1:15, 140, replace = TRUE), 0),
  group = sample(1:2, 140, replace = TRUE),
  weight = round(exp(rnorm(140, 0, 0.6)), 3))
data$days <- data$entry + 1 + floor(rexp(140, 1 / (12 + 3 * rnorm(people)[id]^2)))
data$event <- rbinom(140, 1, 0.6)
data$row <- seq_len(140)
write.csv(data[c("id", "row", "entry", "days", "event", "group", "weight")],
          "weighted_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
say <- function(case, group, quantity, value, at = NA) {
  rows[[length(rows) + 1]] <<- data.frame(
    case = case, group = group, quantity = quantity, at = at, value = as.numeric(value))
}
scales <- c("log-log", "log", "plain", "logit", "arcsin")
shares <- c(.1, .25, .5, .6)

describe <- function(case, late, weighted, by) {
  for (level in 1:2) {
    part <- data[data$group == level, ]
    part$w <- if (weighted) part$weight else rep(1, nrow(part))
    part$of <- part[[by]]
    forward <- if (late) Surv(part$entry, part$days, part$event) else Surv(part$days, part$event)
    back <- if (late) Surv(part$entry, part$days, 1 - part$event) else
      Surv(part$days, 1 - part$event)
    fit <- survfit(forward ~ 1, part, weights = w, cluster = of, influence = 1)
    stopifnot(!fit$logse)
    say(case, level, "survival", fit$surv, fit$time)
    say(case, level, "se", fit$std.err, fit$time)
    say(case, level, "at_risk", fit$n.risk, fit$time)
    say(case, level, "events", fit$n.event, fit$time)
    for (scale in scales) {
      limits <- survfit(forward ~ 1, part, weights = w, cluster = of, conf.type = scale)
      some <- limits$time %in% c(3, 6, 11, 17, 23)
      say(case, level, paste("lower", scale), limits$lower[some], limits$time[some])
      say(case, level, paste("upper", scale), limits$upper[some], limits$time[some])
      found <- quantile(limits, shares)
      say(case, level, paste("quantile", scale), found$quantile, shares)
      say(case, level, paste("quantile lower", scale), found$lower, shares)
      say(case, level, paste("quantile upper", scale), found$upper, shares)
      found <- quantile(survfit(back ~ 1, part, weights = w, cluster = of, conf.type = scale), .5)
      say(case, level, paste("follow-up", scale), found$quantile)
      say(case, level, paste("follow-up lower", scale), found$lower)
      say(case, level, paste("follow-up upper", scale), found$upper)
    }
    influence <- fit$influence.surv  # a row a person, weighted; a column a time
    stopifnot(all.equal(sqrt(colSums(influence^2)), fit$std.err))
    for (horizon in c(6.5, 10, 20)) {
      inside <- fit$time < horizon
      width <- diff(c(fit$time[inside], horizon))
      say(case, level, "mean",
          min(fit$time[1], horizon) + sum(fit$surv[inside] * width), horizon)
      say(case, level, "mean se",
          sqrt(sum((influence[, inside, drop = FALSE] %*% width)^2)), horizon)
    }
  }
}
describe("weights", FALSE, TRUE, "row")
describe("weights people", FALSE, TRUE, "id")
describe("weights late", TRUE, TRUE, "row")
describe("weights people late", TRUE, TRUE, "id")
describe("people late", TRUE, FALSE, "id")

found <- do.call(rbind, rows)
found$value <- sprintf("%.17g", found$value)
write.csv(found, "weighted.csv", row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")), "\n")
