# What R says of events known between two days, for tests/survival/test_interval.py. Writes interval_data.csv
# (the made data), interval.csv (estimates and tests). Run it in this folder: Rscript interval.R
#
# survfit stops its self-consistency steps once one moves the curve by less than 5e-5, which may be
# 1e-3 from where they lead. So beside its numbers stand those of such steps carried on here until
# none moves a mass by 1e-15.
library(survival)

set.seed(20261123)
made <- function(name, n, visits, seen, rate) {
  group <- sample(1:2, n, TRUE)
  stratum <- sample(1:3, n, TRUE)
  time <- rexp(n, rate * ifelse(group == 2, .55, 1))
  left <- numeric(n); right <- rep(Inf, n)
  for (i in seq_len(n)) {
    days <- visits(n)[runif(length(visits(n))) < seen]
    left[i] <- max(0, days[days < time[i]])
    right[i] <- suppressWarnings(min(days[days >= time[i]]))
  }
  data.frame(data = name, group, stratum, left, right)
}
turnbull <- data.frame(
  data = "turnbull1974", group = 1, stratum = 1,
  left = c(rep(1:4, c(12, 6, 2, 3)), rep(c(1, 2, 4), c(3, 2, 3)), rep(0, 2 + 4 + 2 + 5)),
  right = c(rep(1:4, c(12, 6, 2, 3)), rep(Inf, 8), rep(1:4, c(2, 4, 2, 5))))
weekly <- data.frame(
  data = "weekly", group = 1, stratum = 1, left = c(0, 0, 7, 7, 7, 14, 21, 21, 21, 21),
  right = c(7, 7, 14, 14, 14, 21, Inf, Inf, Inf, Inf))
data <- rbind(
  weekly, turnbull,
  made("weeks", 150, function(n) 7 * (1:16), .75, 1 / 60),
  made("days", 120, function(n) sort(sample(1:150, 5)), .9, 1 / 50),
  made("few", 24, function(n) sort(sample(1:40, 4)), .8, 1 / 20))
mixed <- made("mixed", 60, function(n) 7 * (1:10), .8, 1 / 40)
known <- mixed$right < Inf & seq_len(60) %% 3 == 0
mixed$left[known] <- mixed$right[known]
data <- rbind(data, mixed)
write.csv(data, "interval_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
say <- function(data, quantity, value, day = NA, group = NA) {
  rows[[length(rows) + 1]] <<- data.frame(data, quantity, group, day, value)
}

# Turnbull's self-consistency on all stretches between neighbouring ends. A day t known exactly is
# the stretch (t - tiny, t].
carried_on <- function(left, right) {
  left <- ifelse(left == right, left - 1e-6, left)
  cuts <- sort(unique(c(0, left, right[right < Inf])))
  from <- c(cuts); to <- c(cuts[-1], Inf)
  inside <- outer(left, from, "<=") & outer(right, to, ">=")
  pattern <- do.call(paste0, as.data.frame(t(inside) + 0))
  mass <- rep(1 / length(from), length(from))
  for (step in 1:400000) {
    share <- t(t(inside) * mass)
    new <- colMeans(share / rowSums(share))
    if (max(abs(new - mass)) < 1e-15) break
    mass <- new
  }
  survival <- function(t) sapply(t, function(x) sum(mass[to > x + 1e-9]))
  list(survival = survival, likelihood = sum(log(inside %*% mass)), steps = step,
       before = sapply(left, function(x) sum(mass[from >= x])),
       after = sapply(right, function(x) if (x == Inf) 0 else sum(mass[from >= x])))
}
# The score of each person in a model of proportional hazards at no effect (Finkelstein 1986), and
# the variance over all permutations of the groups (Fay 1996; coin and interval do the same).
scores <- function(fit) {
  part <- function(s) ifelse(s > 0, s * log(s), 0)
  (part(fit$before) - part(fit$after)) / (fit$before - fit$after)
}
pieces <- function(score, group) {
  x <- outer(group, sort(unique(group)), "==") + 0
  centred <- scale(x, scale = FALSE)
  list(u = colSums(x * score),
       v = crossprod(centred) * sum((score - mean(score))^2) / (length(score) - 1))
}
settle <- function(u, v) { k <- -1; drop(u[k] %*% solve(v[k, k, drop = FALSE], u[k])) }

for (name in unique(data$data)) {
  part <- data[data$data == name, ]
  end <- ifelse(is.finite(part$right), part$right, NA)
  fit <- survfit(Surv(left, end, type = "interval2") ~ 1, part)
  mine <- carried_on(part$left, part$right)
  ends <- sort(unique(c(part$left, part$right[is.finite(part$right)])))
  say(name, "r median", quantile(fit, .5)$quantile)
  say(name, "likelihood", mine$likelihood)
  say(name, "steps", mine$steps)
  for (day in ends) say(name, "survival", mine$survival(day), day)
  # R puts each mass in the middle of its stretch.
  for (i in seq_along(fit$time)) say(name, "r survival", fit$surv[i], fit$time[i])
  if (length(unique(part$group)) > 1) {
    all <- pieces(scores(mine), part$group)
    for (g in 1:2) say(name, "score", all$u[g], group = g)
    say(name, "chi-squared", settle(all$u, all$v))
    u <- 0; v <- 0
    for (s in unique(part$stratum)) {
      own <- part[part$stratum == s, ]
      within <- pieces(scores(carried_on(own$left, own$right)), own$group)
      u <- u + within$u; v <- v + within$v
    }
    say(name, "chi-squared within stratum", settle(u, v))
  }
}
found <- do.call(rbind, rows)
found$value <- sprintf("%.15g", found$value)
write.csv(found, "interval.csv", row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")), "\n")
