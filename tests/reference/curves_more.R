# What R's survival package says of the numbers that tests/survival/test_curves_more.py and
# tests/survival/test_hazard.py use: limits on five scales, quantiles, follow-up, Nelson-Aalen; and, by the
# definition of Mueller and Wang (1994) summed event by event, the smoothed hazard of lung.
# The package km.ci gives the simultaneous bands. Writes curves_more.csv. Run it in this folder, after survival.R (for late_entry.csv):
#   Rscript curves_more.R
library(survival)

rows <- list()
say <- function(data, group, quantity, value, at = NA) {
  rows[[length(rows) + 1]] <<- data.frame(
    data = data, group = as.character(group), quantity = quantity, at = at, value = value)
}

shares <- c(.05, .1, .25, .5, .75, .9)
scales <- c("log-log", "log", "plain", "logit", "arcsin")

curves <- function(data, frame, response, reverse, by, days) {
  for (level in sort(unique(frame[[by]]))) {
    part <- frame[frame[[by]] == level, ]
    for (scale in scales) {
      fit <- survfit(as.formula(paste(response, "~ 1")), part, conf.type = scale)
      found <- summary(fit, times = days)
      say(data, level, paste("lower", scale), found$lower, found$time)
      say(data, level, paste("upper", scale), found$upper, found$time)
      quantiles <- quantile(fit, shares)
      say(data, level, paste("quantile", scale), quantiles$quantile, shares)
      say(data, level, paste("quantile lower", scale), quantiles$lower, shares)
      say(data, level, paste("quantile upper", scale), quantiles$upper, shares)
      back <- quantile(survfit(as.formula(paste(reverse, "~ 1")), part, conf.type = scale), .5)
      say(data, level, paste("follow-up", scale), back$quantile)
      say(data, level, paste("follow-up lower", scale), back$lower)
      say(data, level, paste("follow-up upper", scale), back$upper)
    }
    say(data, level, "cumulative hazard", found$cumhaz, found$time)
    say(data, level, "cumulative se", found$std.chaz, found$time)
  }
}

lung$days <- lung$time
lung$event <- lung$status - 1
lung$all <- 0
curves("lung", lung, "Surv(days, event)", "Surv(days, 1 - event)", "sex", c(30, 180, 365, 700))
curves("lung", lung, "Surv(days, event)", "Surv(days, 1 - event)", "all", 180)
late <- read.csv("late_entry.csv")
curves("late_entry", late, "Surv(entry, days, event)", "Surv(entry, days, 1 - event)", "group",
       c(10, 25, 40))

# The kernel written as the product in the paper; 0 to `end` is smoothed over, with bandwidth b.
kernel <- function(x, q) {
  if (x < -1 || x > q) return(0)
  12 / (1 + q)^4 * (x + 1) * (x * (1 - 2 * q) + (3 * q^2 - 2 * q + 1) / 2)
}
smoothed <- function(fit, end, b, t) {
  value <- variance <- 0
  for (j in which(fit$n.event > 0 & fit$time <= end)) {
    x <- (t - fit$time[j]) / b
    k <- if (t < b) kernel(x, t / b) else if (t > end - b) kernel(-x, (end - t) / b) else
      kernel(x, 1)
    value <- value + k / b * fit$n.event[j] / fit$n.risk[j]
    variance <- variance + (k / b)^2 * fit$n.event[j] / fit$n.risk[j]^2
  }
  c(value, sqrt(variance))
}
for (level in 1:2) {
  fit <- survfit(Surv(days, event) ~ 1, lung[lung$sex == level, ])
  end <- max(fit$time[fit$n.risk >= 10])
  say("lung", level, "smoothed until", end)
  for (t in c(0, 10, 50, 200, 400, floor(end))) {
    found <- smoothed(fit, end, 100, t)
    say("lung", level, "hazard", found[1], t)
    say("lung", level, "hazard se", found[2], t)
  }
}

# The band of Hall and Wellner by the package km.ci, whose quantiles are from a table.
for (level in 1:2) {
  fit <- survfit(Surv(days, event) ~ 1, lung[lung$sex == level, ])
  for (scale in c("hall-wellner", "loghall")) {
    found <- km.ci::km.ci(fit, method = scale)
    inside <- fit$n.event > 0 & fit$time %in% found$time
    some <- match(fit$time[inside], found$time)
    say("lung", level, paste("lower", scale), found$lower[some], found$time[some])
    say("lung", level, paste("upper", scale), found$upper[some], found$time[some])
  }
}

found <- do.call(rbind, rows)
found$value <- sprintf("%.17g", found$value)
write.csv(found, "curves_more.csv", row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")),
    "km.ci", as.character(packageVersion("km.ci")), "\n")
