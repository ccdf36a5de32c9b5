# What R's sandwich package says of least squares with the errors of Newey and West, for
# tests/trends/test_interrupted.py: a segmented regression of 36 months with autocorrelated errors, and of 30 months
# with months left out. Writes newey_west_data.csv (made here) and newey_west.csv. Run it in this folder:
#   Rscript newey_west.R
library(sandwich)

set.seed(20261127)
n <- 36
noise <- as.numeric(arima.sim(list(ar = 0.5), n, sd = 0.03))
time <- 0:(n - 1)
change <- 20
after <- as.integer(time >= change)
since <- pmax(time - change, 0) * after
value <- round(0.7 + 0.002 * time - 0.12 * after - 0.004 * since + noise, 4)
control <- round(0.6 + 0.001 * time + as.numeric(arima.sim(list(ar = 0.3), n, sd = 0.02)), 4)
month <- factor(time %% 12 + 1)
data <- data.frame(period = sprintf("%d-%02d", 2023 + time %/% 12, time %% 12 + 1), value, control)
write.csv(data, "newey_west_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
say <- function(case, lag, model) {
  errors <- sqrt(diag(NeweyWest(model, lag = lag, prewhite = FALSE, adjust = TRUE)))
  for (place in 1:4) {
    rows[[length(rows) + 1]] <<- data.frame(case = case, lag = lag,
      term = c("level_at_start", "slope_before", "level_change", "slope_change")[place],
      estimate = format(coef(model)[place], digits = 15), se = format(errors[place], digits = 15))
  }
}
for (lag in c(0, 1, 3, 6)) say("plain", lag, lm(value ~ time + after + since))
say("control", 3, lm(I(value - control) ~ time + after + since))
say("month", 3, lm(value ~ time + after + since + month))
say("short", 2, lm(value ~ time + after + since, subset = !(time %in% c(5, 25))))
write.csv(do.call(rbind, rows), "newey_west.csv", row.names = FALSE, quote = FALSE)
