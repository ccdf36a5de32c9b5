# What R's survival says of a fitted Cox model: tests of proportional hazards, curves, concordance,
# joint tests; run with the working directory here: Rscript --vanilla cox_fitted.R. The data are
# cox_data.csv; the tests read cox_fitted.csv. survival 3.5-3.
suppressMessages(library(survival))
options(digits = 17)
data <- read.csv("cox_data.csv")
data$event <- data$end == "relapse"
found <- list()
keep <- function(model, quantity, value, term = "all")
  found[[length(found) + 1]] <<- data.frame(model, quantity, term, value = unname(value))
exact <- coxph.control(eps = 1e-12, iter.max = 60)
right <- Surv(days, event) ~ age + site + dose
late <- Surv(entry, days, event) ~ age + site + dose
asked <- data.frame(age = c(25, 40), site = c("a", "c"), dose = c(0.2, 0.9), sooner = c(0, 1))
days <- c(5, 20, 45)

for (ties in c("efron", "breslow")) {
  models <- list(
    plain = coxph(right, data, ties = ties, control = exact, x = TRUE),
    late = coxph(late, data, ties = ties, control = exact, x = TRUE),
    strata = coxph(update(late, . ~ . + strata(sooner)), data, ties = ties, control = exact,
                   x = TRUE),
    weights = coxph(update(late, . ~ . + strata(sooner)), data, weights = weight, robust = FALSE,
                    ties = ties, control = exact, x = TRUE))
  for (name in names(models)) {
    fit <- models[[name]]
    model <- paste(name, ties)
    for (time in c("km", "rank", "identity", "log")) {
      if (time == "km" && name == "weights") next
      table <- cox.zph(fit, transform = time)$table
      for (term in rownames(table)) {
        keep(paste(model, time), "zph", table[term, "chisq"], term)
        keep(paste(model, time), "zph df", table[term, "df"], term)
      }
    }
    if (name == "plain") {
      scaled <- cox.zph(fit, transform = "identity", terms = FALSE)
      keep(model, "scaled residual", scaled$y[1:5, "dose"], paste("dose", 1:5))
    }
    curves <- survfit(fit, newdata = asked, conf.type = "log-log")
    for (row in 1:2) {
      each <- if (name %in% c("strata", "weights")) {
        # With strata in newdata survfit gives one curve a row, its own stratum.
        summary(curves[row], times = days, extend = TRUE)
      } else summary(curves[row], times = days, extend = TRUE)
      label <- paste("row", row, "day", days)
      keep(model, "survival", each$surv, label)
      keep(model, "cumulative hazard", each$cumhaz, label)
      keep(model, "lower", each$lower, label)
      keep(model, "upper", each$upper, label)
    }
    index <- concordance(fit)
    keep(model, "concordance", index$concordance)
    keep(model, "concordance se", sqrt(index$var))
    pairs <- if (is.matrix(index$count)) colSums(index$count) else index$count
    keep(model, "concordant", pairs["concordant"])
    keep(model, "discordant", pairs["discordant"])
    keep(model, "tied", pairs["tied.x"])
    site <- grep("site", names(coef(fit)))
    joint <- coef(fit)[site] %*% solve(vcov(fit)[site, site], coef(fit)[site])
    keep(model, "joint test of site", joint)
  }
}
clustered <- coxph(late, data, cluster = person, control = exact)
index <- concordance(clustered, cluster = data$person)
keep("clusters", "concordance", index$concordance)
keep("clusters", "concordance se", sqrt(index$var))
all <- do.call(rbind, found)
all$value <- sprintf("%.16g", all$value)
write.csv(all, "cox_fitted.csv", row.names = FALSE, quote = c(1, 2, 3))
