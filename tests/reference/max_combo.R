# What R says of the max-combo test, for tests/compare/test_max_combo.py: statistics and covariances summed here day by day,
# the joint normal probability from mvtnorm 1.1-3. Writes max_combo.csv. Run it in this folder: Rscript max_combo.R
library(mvtnorm)

frame <- subset(read.csv("cox_data.csv"), entry == 0)
frame$event <- frame$end == "relapse"
frame$two <- as.integer(frame$dose > median(frame$dose))
powers <- rbind(c(0, 0), c(1, 0), c(0, 1), c(1, 1))
rows <- list()
say <- function(case, quantity, value) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, quantity = quantity, value = value)
}
joint <- function(part) {
  u <- rep(0, 4)
  v <- matrix(0, 4, 4)
  before <- 1
  for (day in sort(unique(part$days[part$event]))) {
    there <- part$days >= day
    n <- sum(there)
    n1 <- sum(there & part$two == 1)
    d <- sum(part$event & part$days == day)
    d1 <- sum(part$event & part$days == day & part$two == 1)
    w <- before^powers[, 1] * (1 - before)^powers[, 2]
    u <- u + w * (d1 - d * n1 / n)
    if (n > 1) v <- v + outer(w, w) * d * (n - d) / (n - 1) * n1 / n * (1 - n1 / n)
    before <- before * (1 - d / n)
  }
  list(u = u, v = v)
}
tell <- function(case, parts) {
  u <- Reduce(`+`, lapply(parts, `[[`, "u"))
  v <- Reduce(`+`, lapply(parts, `[[`, "v"))
  z <- u / sqrt(diag(v))
  r <- v / outer(sqrt(diag(v)), sqrt(diag(v)))
  set.seed(1)
  p <- 1 - pmvnorm(rep(-max(abs(z)), 4), rep(max(abs(z)), 4), corr = r, algorithm = GenzBretz(1e6, 1e-7, 0))
  for (i in 1:4) say(case, paste("z", i), z[i])
  for (i in 1:3) for (j in (i + 1):4) say(case, paste("correlation", i, j), r[i, j])
  say(case, "p", as.numeric(p))
}
tell("plain", list(joint(frame)))
tell("stratified", lapply(split(frame, frame$site), joint))
write.csv(do.call(rbind, rows), "max_combo.csv", row.names = FALSE)
