# What R says of events known between two days where people came under observation late, and of
# distributions fitted to intervals, for tests/survival/test_interval_entry.py and test_parametric.py. Needs
# interval_data.csv; writes interval_entry_data.csv (the made data) and interval_entry.csv. Run it in
# this folder: Rscript interval_entry.R
library(survival)

set.seed(20261124)
made <- function(name, n, entries, visits, seen, rate, known) {
  group <- sample(1:2, n, TRUE)
  entry <- entries(n, group)
  time <- entry + rexp(n, rate * ifelse(group == 2, .5, 1))
  left <- entry; right <- rep(Inf, n)
  for (i in seq_len(n)) {
    days <- visits(entry[i])
    days <- days[days > entry[i] & runif(length(days)) < seen]
    left[i] <- max(entry[i], days[days < time[i]])
    right[i] <- suppressWarnings(min(days[days >= time[i]]))
  }
  exact <- right < Inf & runif(n) < known
  right[exact] <- pmax(ceiling(time[exact]), entry[exact] + 1)
  left[exact] <- right[exact]
  # Nobody is followed for no time at all.
  some <- left > entry | right < Inf
  data.frame(data = name, group, entry, left, right)[some, ]
}
late <- function(n, group) ifelse(runif(n) < .5 & group == 1, 0, 7 * sample(0:5, n, TRUE))
data <- rbind(
  made("weeks", 70, late, function(e) 7 * (1:16), .8, 1 / 40, 0),
  made("mixed", 60, late, function(e) 7 * (1:14), .7, 1 / 30, .4),
  made("days", 45, function(n, group) sample(0:25, n, TRUE) * (runif(n) < .6),
       function(e) sort(sample(1:90, 8)), .9, 1 / 30, .2))
write.csv(data, "interval_entry_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
say <- function(data, model, quantity, value, day = NA) {
  rows[[length(rows) + 1]] <<- data.frame(data, model, quantity, day, value)
}

# Turnbull's steps for truncated data, carried on until none moves a hazard by 1e-15: in each
# stretch between neighbouring ends (a known day t is the stretch (t - tiny, t]) the expected
# events over the expected number at risk.
carried_on <- function(entry, left, right) {
  exact <- left == right
  left[exact] <- left[exact] - 1e-6
  cuts <- sort(unique(c(0, entry, left, right[right < Inf])))
  from <- head(cuts, -1); to <- cuts[-1]
  happened <- right < Inf
  inside <- outer(left, from, "<=") & outer(right, to, ">=") & happened
  waits <- outer(entry, from, "<=") & outer(left, to, ">=")
  hazard <- rep(.05, length(from))
  for (step in 1:400000) {
    below <- c(0, cumsum(log1p(-hazard)))
    # The chance of each stretch, and of reaching it, given that the event is in the interval.
    mass <- exp(head(below, -1)) * hazard
    share <- t(t(inside) * mass)
    share <- share / ifelse(happened, rowSums(share), 1)
    reach <- inside * t(apply(share, 1, function(x) rev(cumsum(rev(x)))))
    events <- colSums(share)
    risk <- colSums(waits) + colSums(reach)
    new <- ifelse(risk > 0, events / risk, 0)
    if (max(abs(new - hazard)) < 1e-15) break
    hazard <- new
  }
  inner <- 1 - exp(inside %*% log1p(-hazard))
  list(
    survival = function(t) sapply(t, function(x) prod(1 - hazard[to <= x + 1e-9])),
    likelihood = sum(log(inner[happened])) + sum(waits %*% log1p(-hazard)), steps = step)
}
for (name in unique(data$data)) {
  part <- data[data$data == name, ]
  fit <- carried_on(part$entry, part$left, part$right)
  days <- sort(unique(c(part$left, part$right[part$right < Inf])))
  for (day in days) say(name, "", "survival", fit$survival(day), day)
  say(name, "", "likelihood", fit$likelihood)
  say(name, "", "steps", fit$steps)
}

# Distributions without late entry: survreg.
plain <- read.csv("interval_data.csv")
words <- c(weibull = "weibull", log_normal = "lognormal", log_logistic = "loglogistic",
           exponential = "exponential")
for (name in unique(plain$data)) for (model in names(words)) {
  part <- plain[plain$data == name & !(plain$left == 0 & plain$right == Inf), ]
  left <- ifelse(part$left == 0, NA, part$left)
  right <- ifelse(part$right == Inf, NA, part$right)
  fit <- survreg(Surv(left, right, type = "interval2") ~ 1, dist = words[model],
                 control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  say(name, model, "likelihood", fit$loglik[1])
  middle <- unname(coef(fit)); scale <- fit$scale
  if (model == "log_normal") { say(name, model, "mu", middle); say(name, model, "sigma", scale) }
  else {
    say(name, model, "scale", exp(middle))
    if (model != "exponential") say(name, model, "shape", 1 / scale)
  }
  # On the scale of the logarithm, as ours.
  half <- predict(fit, newdata = data.frame(one = 1), type = "uquantile", p = .5, se.fit = TRUE)
  say(name, model, "median", exp(half$fit[1]))
  say(name, model, "lower", exp(half$fit[1] - qnorm(.975) * half$se.fit[1]))
  say(name, model, "upper", exp(half$fit[1] + qnorm(.975) * half$se.fit[1]))
}

# With late entry: the likelihood itself, by optim.
tails <- list(
  weibull = function(p, t) -(t / exp(p[1]))^exp(p[2]),
  log_normal = function(p, t) plnorm(t, p[1], exp(p[2]), lower.tail = FALSE, log.p = TRUE),
  log_logistic = function(p, t) -log1p((t / exp(p[1]))^exp(p[2])))
densities <- list(
  weibull = function(p, t) dweibull(t, exp(p[2]), exp(p[1]), log = TRUE),
  log_normal = function(p, t) dlnorm(t, p[1], exp(p[2]), log = TRUE),
  log_logistic = function(p, t) p[2] - p[1] + (exp(p[2]) - 1) * (log(t) - p[1]) -
    2 * log1p((t / exp(p[1]))^exp(p[2])))
for (name in unique(data$data)) for (model in names(tails)) {
  part <- data[data$data == name, ]
  exact <- part$left == part$right
  minus <- function(p) {
    tail <- function(t) tails[[model]](p, t)
    inside <- log(exp(tail(part$left)) - ifelse(part$right < Inf, exp(tail(part$right)), 0))
    inside[exact] <- densities[[model]](p, part$left[exact])
    -sum(inside - tail(part$entry))
  }
  start <- optim(c(log(mean(part$left)), 0), minus)$par
  for (again in 1:3) {
    fit <- optim(start, minus, method = "BFGS", control = list(reltol = 1e-15, ndeps = rep(1e-5, 2)))
    start <- fit$par
  }
  say(name, paste(model, "late"), "likelihood", -fit$value)
  one <- if (model == "log_normal") fit$par[1] else exp(fit$par[1])
  say(name, paste(model, "late"), if (model == "log_normal") "mu" else "scale", one)
  say(name, paste(model, "late"), if (model == "log_normal") "sigma" else "shape", exp(fit$par[2]))
}
found <- do.call(rbind, rows)
found$value <- sprintf("%.15g", found$value)
write.csv(found, "interval_entry.csv", row.names = FALSE, quote = FALSE)
