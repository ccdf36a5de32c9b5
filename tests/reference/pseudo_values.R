# Pseudo-values by R's survival, and least squares of them with clustered errors; run with the
# working directory here: Rscript --vanilla pseudo_values.R. The data are the rows of cox_data.csv
# that enter on day 0; the tests read pseudo_values.csv. survival 3.5-3.
suppressMessages(library(survival))
options(digits = 17)
data <- read.csv("cox_data.csv")
data <- data[data$entry == 0, ]
data$event <- data$end == "relapse"
data$state <- factor(data$end, c("censored", "relapse", "died"))
found <- list()
keep <- function(model, quantity, value, term = "all")
  found[[length(found) + 1]] <<- data.frame(model, quantity, term, value = unname(value))

sandwich <- function(fit, cluster) {
  x <- model.matrix(fit)
  bread <- solve(crossprod(x))
  scores <- rowsum(x * residuals(fit), cluster)
  sqrt(diag(bread %*% crossprod(scores) %*% bread))
}
one <- function(name, values) {
  keep(name, "value", values, paste("row", seq_along(values)))
  fit <- lm(values ~ age + site + dose, data)
  keep(name, "estimate", coef(fit), names(coef(fit)))
  keep(name, "se", sandwich(fit, seq_len(nrow(data))), names(coef(fit)))
  keep(name, "se person", sandwich(fit, data$person), names(coef(fit)))
}
plain <- survfit(Surv(days, event) ~ 1, data)
one("survival", pseudo(plain, times = 30, type = "surv"))
one("restricted_mean", pseudo(plain, times = 30, type = "rmst"))
strata <- survfit(Surv(days, event) ~ site, data)
one("survival strata", pseudo(strata, times = 30, type = "surv"))
one("restricted_mean strata", pseudo(strata, times = 30, type = "rmst"))
ends <- survfit(Surv(days, state) ~ 1, data)
by_state <- pseudo(ends, times = 30, type = "pstate")
one("incidence relapse", by_state[, 2])
one("incidence died", by_state[, 3])
all <- do.call(rbind, found)
all$value <- sprintf("%.16g", all$value)
write.csv(all, "pseudo_values.csv", row.names = FALSE, quote = c(1, 2, 3))
