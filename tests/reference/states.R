# What R's survival package says of the histories that tests/survival/test_state_occupation.py uses.
# Writes states_data.csv (simulated: well, ill, well again, dead; weekly, so that every day has
# ties, two groups), states_entry.csv (the same people, half of them seen late) and
# states.csv (one number a row). Run it in this folder:
#   Rscript states.R
library(survival)

set.seed(20264)
rows <- list()
for (person in 1:240) {
  group <- if (person <= 140) "a" else "b"
  now <- 0
  state <- if (runif(1) < .8) "well" else "ill"
  end <- 7 * sample(10:40, 1)
  while (now < end) {
    leave <- if (state == "well") c(ill = .008, dead = .001) else c(well = .012, dead = .004)
    if (group == "b") leave[1] <- leave[1] * 1.6
    stay <- 7 * ceiling(rexp(1, sum(leave)) / 7)
    then <- sample(names(leave), 1, prob = leave)
    if (now + stay > end) then <- "censored"
    rows[[length(rows) + 1]] <- data.frame(
      id = person, group = group, state = state, entry = now, days = min(now + stay, end),
      next_state = then)
    now <- now + stay
    if (then == "dead") break
    state <- then
  }
}
data <- do.call(rbind, rows)
write.csv(transform(data, next_state = ifelse(next_state == "censored", "", next_state)),
          "states_data.csv", row.names = FALSE, quote = FALSE)

# Seen late, from a day of their own.
from <- ifelse(runif(240) < .5, 0, 7 * rpois(240, 6))
late <- data[data$days > from[data$id], ]
late$entry <- pmax(late$entry, from[late$id])
write.csv(transform(late, next_state = ifelse(next_state == "censored", "", next_state)),
          "states_entry.csv", row.names = FALSE, quote = FALSE)

found <- list()
say <- function(data, group, state, quantity, value, day = NA) {
  found[[length(found) + 1]] <<- data.frame(
    data = data, group = group, state = state, quantity = quantity, day = day, value = value)
}
tell <- function(name, group, part, horizons) {
  levels <- c("censored", "well", "ill", "dead")
  fit <- survfit(Surv(entry, days, factor(next_state, levels)) ~ 1, part, id = id,
                 istate = factor(state, levels[-1]), conf.type = "log-log", influence = TRUE)
  for (place in seq_along(fit$states)) {
    state <- fit$states[place]
    say(name, group, state, "share", fit$pstate[, place], fit$time)
    say(name, group, state, "se", fit$std.err[, place], fit$time)
    say(name, group, state, "lower", fit$lower[, place], fit$time)
    say(name, group, state, "upper", fit$upper[, place], fit$time)
    say(name, group, state, "entered", fit$n.event[, place], fit$time)
    say(name, group, state, "at_risk", fit$n.risk[, place], fit$time)
    for (horizon in horizons) {
      mean <- summary(fit, rmean = horizon)$table[place, "rmean"]
      say(name, group, state, "time", mean, horizon)
      # The influence on the mean is the integral of that on the share (a row a person, a column
      # a time, the start before them).
      begin <- c(0, fit$time[fit$time < horizon])
      length <- diff(c(begin, horizon))
      influence <- fit$influence.pstate[, seq_along(begin), place] %*% length
      say(name, group, state, "time_se", sqrt(sum(influence^2)), horizon)
    }
  }
}
for (level in c("a", "b")) tell("plain", level, data[data$group == level, ], c(100, 182))
tell("late", "all", late, c(100, 182))

found <- do.call(rbind, found)
found$value <- format(found$value, digits = 16, trim = TRUE)
write.csv(found, "states.csv", row.names = FALSE, quote = FALSE)
