# What R's survival package says of times that differ by the rounding of their arithmetic only:
# survfit, survdiff and coxph merge them (timefix = TRUE, the default). The numbers that
# tests/survival/test_near_ties.py uses; each example is written out there too. Writes near_ties.csv (one
# number a row) and near_ties_data.csv (days as given, and as aeqSurv leaves them). Run it in this
# folder:
#   Rscript near_ties.R
library(survival)

rows <- list()
say <- function(example, quantity, value, at = NA) {
  rows[[length(rows) + 1]] <<- data.frame(
    example = example, quantity = quantity, at = at, value = value)
}

days <- c(.1 + .2, .3, .5, .7, .7)
event <- c(1, 1, 1, 0, 1)
group <- c("a", "b", "a", "a", "b")
say("groups", "chi-squared", survdiff(Surv(days, event) ~ group)$chisq)

days <- c(3.0, (.1 + .2) * 10, 5, 7, 7)
event <- c(0, 1, 1, 0, 1)
fit <- survfit(Surv(days, event) ~ 1, conf.type = "log-log")
found <- summary(fit, times = c(3, 5, 7))
for (name in c("surv", "lower", "upper", "n.risk", "std.err")) {
  say("curve", name, found[[name]], found$time)
}

days <- c(.1 + .2, .3, .5, .7, .9, 1.1)
event <- c(1, 1, 1, 0, 1, 1)
x <- c(1, 0, 3, 2, 5, 4)
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(days, event) ~ x, ties = ties)
  say("cox", paste("coefficient", ties), fit$coefficients)
  say("cox", paste("se", ties), sqrt(fit$var))
}

# Entries that meet the end of another's time but for rounding.
entry <- c(0, 0, .3, .1 + .2, 0, 0)
days <- c(.1 + .2, .7, .9, 1.1, .9, 1.1)
event <- c(1, 1, 0, 1, 1, 0)
fit <- survfit(Surv(entry, days, event) ~ 1)
found <- summary(fit, times = c(.3, .7, .9))
for (name in c("surv", "n.risk")) say("entry", name, found[[name]], found$time)
x <- c(1, 0, 3, 2, 5, 4)
say("entry", "coefficient", coxph(Surv(entry, days, event) ~ x)$coefficients)

# Intervals that touch but for rounding.
left <- c(0, 0, .1 + .2, .3, .6, .3)
right <- c(.3, .1 + .2, .6, .3 + .3, Inf, Inf)
fit <- survfit(Surv(left, right, type = "interval2") ~ 1)
after <- approx(fit$time, fit$surv, c(.3, .6), method = "constant", rule = 2)$y
say("intervals", "survival", after, c(.3, .6))

# Competing ends.
days <- c(.1 + .2, .3, .5, .7, .7, .9)
end <- factor(c("relapse", "died", "none", "relapse", "died", "none"),
              c("none", "relapse", "died"))
fit <- survfit(Surv(days, end) ~ 1)
found <- summary(fit, times = c(.3, .5, .7))
for (cause in c("relapse", "died")) {
  place <- match(cause, fit$states)
  say("causes", paste("incidence", cause), found$pstate[, place], found$time)
  say("causes", paste("se", cause), found$std.err[, place], found$time)
}

# Which days become one, near the edge of the rule and in runs, at several sizes.
set.seed(20261126)
data <- list()
for (size in c(.01, 1, 80, 4000)) {
  base <- sort(runif(40, .05, 2) * size)
  mean_size <- mean(base)
  far <- rep(sqrt(.Machine$double.eps) * max(1, mean_size), 40)
  near <- base + far * sample(c(0, .5, .97, 1.03, 1.5, 3), 40, replace = TRUE)
  given <- c(base, near, near[1:10] + far[1:10] * .9)
  # Kept off whole numbers, which are dealt with otherwise here.
  given <- given[abs(given - round(given)) > 1e-3 * min(size, 1)]
  merged <- aeqSurv(Surv(given, rep(1, length(given))))[, 1]
  data[[length(data) + 1]] <- data.frame(
    size = size, given = sprintf("%.17g", given), merged = sprintf("%.17g", merged))
}
write.csv(do.call(rbind, data), "near_ties_data.csv", row.names = FALSE, quote = FALSE)

found <- do.call(rbind, rows)
found$value <- sprintf("%.17g", found$value)
write.csv(found, "near_ties.csv", row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")), "\n")
