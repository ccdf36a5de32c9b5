# What R says of the weighted family of the log-rank test, for tests/compare/test_log_rank_family.py: survMisc 0.5.6
# for the weights, survival for those of survdiff. Writes log_rank_family.csv. Run it in this folder: Rscript log_rank_family.R
library(survival)
library(survMisc)

frame <- subset(read.csv("cox_data.csv"), entry == 0)
frame$event <- as.integer(frame$end == "relapse")
rows <- list()
say <- function(by, quantity, value) {
  rows[[length(rows) + 1]] <<- data.frame(by = by, quantity = quantity, value = value)
}
frame$two <- as.integer(frame$dose > median(frame$dose))
# survMisc's variance for two groups is not that of survdiff with ties (3.122 for 3.170): three groups only.
fit <- ten(Surv(days, event) ~ site, data = frame)
comp(fit, p = c(0, 1, 1), q = c(1, 1, 0.5))
found <- attr(fit, "lrt")
for (i in seq_len(nrow(found))) say("site", as.character(found$W[i]), found$chiSq[i])
# survMisc's test for trend is not (s'(O - E))^2 / s'Vs of survdiff's O, E and V (0.0016 for 0.2559): these are taken.
scores <- 1:3
for (rho in c(0, 1)) {
  plain <- survdiff(Surv(days, event) ~ site, frame, rho = rho)
  moved <- sum(scores * (plain$obs - plain$exp))
  say("site", paste("trend survdiff", rho), moved^2 / c(t(scores) %*% plain$var %*% scores))
}
for (by in c("site", "two")) for (rho in c(0, 1, 0.5)) {
  say(by, paste("survdiff", rho), survdiff(Surv(days, event) ~ frame[[by]], frame, rho = rho)$chisq)
}
write.csv(do.call(rbind, rows), "log_rank_family.csv", row.names = FALSE)
